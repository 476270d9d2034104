//! TLS, with and without client certificates.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::local_redis::LocalRedis;
use crate::raw::{signed, status};
use crate::service::Service;

const META: &str = "client.webhooks.fbclientcerts.com";

/// An authority and what it has signed, as files.
struct Authority {
    dir: TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(DnType::CommonName, "test authority");
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let dir = TempDir::new().unwrap();
        std::fs::write(dir.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { dir, issuer }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes `<name>.pem` and `<name>.key` for a certificate with this common name.
    fn sign(&self, name: &str, common_name: &str, dns: &[&str]) {
        let names: Vec<String> = dns.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params
            .distinguished_name
            .push(DnType::CommonName, common_name);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        std::fs::write(self.path(&format!("{name}.pem")), certificate.pem()).unwrap();
        std::fs::write(self.path(&format!("{name}.key")), key.serialize_pem()).unwrap();
    }

    /// A client that trusts this authority and shows the certificate `name`, if any.
    fn client(&self, name: Option<&str>) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_file(self.path("ca.pem")).unwrap())
            .unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = match name {
            None => builder.with_no_client_auth(),
            Some(name) => {
                let certificate =
                    CertificateDer::from_pem_file(self.path(&format!("{name}.pem"))).unwrap();
                let key = PrivateKeyDer::from_pem_file(self.path(&format!("{name}.key"))).unwrap();
                builder
                    .with_client_auth_cert(vec![certificate], key)
                    .unwrap()
            }
        };
        TlsConnector::from(Arc::new(config))
    }
}

/// The status of a signed webhook, or the error of the connection.
async fn deliver(service: &Service, client: &TlsConnector) -> std::io::Result<u16> {
    let stream = TcpStream::connect(service.address).await?;
    let mut stream = client
        .connect(ServerName::try_from("localhost").unwrap(), stream)
        .await?;
    stream.write_all(&signed(b"{}")).await?;
    let mut bytes = vec![0; 512];
    let read = stream.read(&mut bytes).await?;
    bytes.truncate(read);
    let text = String::from_utf8(bytes).unwrap();
    match text.is_empty() {
        true => Err(std::io::ErrorKind::UnexpectedEof.into()),
        false => Ok(status(&text)),
    }
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn webhooks_come_over_tls_and_plain_ones_do_not() {
    let redis = LocalRedis::start().await;
    let authority = Authority::new();
    authority.sign("server", "localhost", &["localhost"]);
    let (certificate, key) = (
        text(&authority.path("server.pem")),
        text(&authority.path("server.key")),
    );
    let settings = [
        ("tls.certificate", certificate.as_str()),
        ("tls.key", key.as_str()),
    ];
    let service = Service::ready(&redis.url(), &settings).await;
    assert_eq!(
        deliver(&service, &authority.client(None)).await.unwrap(),
        200
    );

    let mut plain = TcpStream::connect(service.address).await.unwrap();
    plain.write_all(&signed(b"{}")).await.unwrap();
    let mut bytes = Vec::new();
    let _ = plain.read_to_end(&mut bytes).await;
    assert!(!bytes.starts_with(b"HTTP"), "a plain request was answered");

    // Nothing is said: the handshake has the header timeout too.
    let mut silent = TcpStream::connect(service.address).await.unwrap();
    assert!(crate::raw::is_closed(&mut silent).await);
    assert_eq!(redis.waiting().await, 1);
    service.stop().await.unwrap();
}

#[tokio::test]
async fn client_certificates_must_come_from_the_authority_and_bear_the_name() {
    let redis = LocalRedis::start().await;
    let (authority, strange) = (Authority::new(), Authority::new());
    authority.sign("server", "localhost", &["localhost"]);
    authority.sign("meta", META, &[]);
    authority.sign("meta-by-dns", "something", &[META]);
    authority.sign("other", "client.example.com", &["client.example.com"]);
    strange.sign("meta", META, &[]);
    for file in ["meta.pem", "meta.key"] {
        std::fs::copy(
            strange.path(file),
            authority.path(&format!("strange.{}", &file[5..])),
        )
        .unwrap();
    }
    let (certificate, key) = (
        text(&authority.path("server.pem")),
        text(&authority.path("server.key")),
    );
    let ca = text(&authority.path("ca.pem"));
    let settings = [
        ("tls.certificate", certificate.as_str()),
        ("tls.key", key.as_str()),
        ("tls.client_ca", ca.as_str()),
        ("tls.client_name", META),
    ];
    let service = Service::ready(&redis.url(), &settings).await;
    for right in ["meta", "meta-by-dns"] {
        assert_eq!(
            deliver(&service, &authority.client(Some(right)))
                .await
                .unwrap(),
            200,
            "{right}"
        );
    }
    for wrong in [None, Some("other"), Some("strange")] {
        assert!(
            deliver(&service, &authority.client(wrong)).await.is_err(),
            "{wrong:?} was let in"
        );
    }
    assert_eq!(redis.waiting().await, 2);
    service.stop().await.unwrap();
}
