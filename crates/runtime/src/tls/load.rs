//! From files to a rustls configuration.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig};

use super::client::NamedClient;
use super::{TlsError, TlsSettings};

pub(super) fn server_config(settings: &TlsSettings) -> Result<ServerConfig, TlsError> {
    // Named, not taken from the process: with two providers in one tree the default is ambiguous.
    let provider = Arc::new(ring::default_provider());
    let certificates = certificates("tls.certificate", &settings.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&settings.key)
        .map_err(|error| unreadable("tls.key", &settings.key, &error))?;
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?;
    let builder = match &settings.client_ca {
        None => builder.with_no_client_auth(),
        Some(path) => builder.with_client_cert_verifier(client_verifier(settings, path, provider)?),
    };
    let mut config = builder.with_single_cert(certificates, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn client_verifier(
    settings: &TlsSettings,
    path: &Path,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let mut roots = RootCertStore::empty();
    for authority in certificates("tls.client_ca", path)? {
        roots.add(authority)?;
    }
    let chain = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build()?;
    Ok(match &settings.client_name {
        None => chain,
        Some(name) => Arc::new(NamedClient::new(chain, name)),
    })
}

fn certificates(what: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read = || CertificateDer::pem_file_iter(path)?.collect::<Result<Vec<_>, pem::Error>>();
    let certificates = read().map_err(|error| unreadable(what, path, &error))?;
    if certificates.is_empty() {
        return Err(TlsError::Empty {
            what: "certificate",
            path: path.to_owned(),
        });
    }
    Ok(certificates)
}

fn unreadable(what: &'static str, path: &Path, error: &pem::Error) -> TlsError {
    let reason = match error {
        pem::Error::Io(error) => error.to_string(),
        pem::Error::NoItemsFound => "it holds no such PEM section".to_owned(),
        // The other variants quote lines of the file, and this file may be the private key.
        _ => "it is not well-formed PEM".to_owned(),
    };
    TlsError::File {
        what,
        path: path.to_owned(),
        reason,
    }
}
