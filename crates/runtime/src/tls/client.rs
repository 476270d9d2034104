//! A client certificate must bear one particular name.
//!
//! The authority alone is not enough: whoever gets any certificate from the same one would be let in.

use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use x509_cert::Certificate;
use x509_cert::der::asn1::{PrintableStringRef, Utf8StringRef};
use x509_cert::der::oid::db::rfc4519::COMMON_NAME;
use x509_cert::der::{Any, Decode};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

/// Checks the chain first, then the name.
#[derive(Debug)]
pub(super) struct NamedClient {
    chain: Arc<dyn ClientCertVerifier>,
    name: String,
}

impl NamedClient {
    pub(super) fn new(chain: Arc<dyn ClientCertVerifier>, name: &str) -> Self {
        Self {
            chain,
            name: name.to_owned(),
        }
    }

    fn bears_name(&self, certificate: &Certificate) -> bool {
        let certificate = &certificate.tbs_certificate;
        let subject = certificate
            .subject
            .0
            .iter()
            .flat_map(|names| names.0.iter());
        let mut common_names = subject.filter(|name| name.oid == COMMON_NAME);
        common_names.any(|name| text(&name.value).is_some_and(|text| self.is_name(text)))
            || certificate
                .get::<SubjectAltName>()
                .ok()
                .flatten()
                .is_some_and(|(_, names)| {
                    names.0.iter().any(|name| match name {
                        GeneralName::DnsName(name) => self.is_name(name.as_str()),
                        _ => false,
                    })
                })
    }

    fn is_name(&self, name: &str) -> bool {
        name.eq_ignore_ascii_case(&self.name)
    }
}

fn text(value: &Any) -> Option<&str> {
    let utf8 = value
        .decode_as::<Utf8StringRef<'_>>()
        .ok()
        .map(|text| text.as_str());
    utf8.or_else(|| Some(value.decode_as::<PrintableStringRef<'_>>().ok()?.as_str()))
}

impl ClientCertVerifier for NamedClient {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.chain.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self
            .chain
            .verify_client_cert(end_entity, intermediates, now)?;
        let certificate = Certificate::from_der(end_entity)
            .map_err(|_| Error::InvalidCertificate(CertificateError::BadEncoding))?;
        if self.bears_name(&certificate) {
            Ok(verified)
        } else {
            Err(Error::InvalidCertificate(CertificateError::NotValidForName))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chain.supported_verify_schemes()
    }
}
