//! TLS by rustls for a listener: certificate and key from files that are read again when they change, and client
//! certificates where they are asked for.

mod client;
mod load;

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls::ServerConfig;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use waypost_settings::{Key, Lookup, Reader, SettingsError};

/// How often the files are looked at. Renewed certificates are in place days before the old ones end.
const LOOK: Duration = Duration::from_secs(30);

/// Which files make up the TLS of a listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsSettings {
    /// PEM file: our certificate, then its intermediates.
    pub certificate: PathBuf,
    /// PEM file: the certificate's private key.
    pub key: PathBuf,
    /// PEM file of the authorities whose client certificates are accepted. With it, clients without are refused.
    pub client_ca: Option<PathBuf>,
    /// The name that a client certificate must bear, as common name or DNS name.
    pub client_name: Option<String>,
}

/// The TLS of a listener, loaded.
#[derive(Clone)]
pub struct Tls {
    settings: Arc<TlsSettings>,
    current: Arc<watch::Sender<Arc<ServerConfig>>>,
    // When the files that are in force were changed; None for one that was away.
    stamps: Vec<Option<SystemTime>>,
}

/// Why TLS can't be served. None of these heals by itself.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file that can't be read, or isn't PEM.
    #[error("cannot read {what} from {path}: {reason}")]
    File {
        /// Which part of the settings names it.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What the reader said. It never quotes the content.
        reason: String,
    },
    /// A file without what it should hold.
    #[error("{path} holds no {what}")]
    Empty {
        /// What was looked for.
        what: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// rustls refuses certificate, key or authorities, alone or together.
    #[error("the TLS files don't fit: {0}")]
    Rustls(#[from] rustls::Error),
    /// The authorities for client certificates can't be used.
    #[error("tls.client_ca: {0}")]
    Authorities(#[from] rustls::server::VerifierBuilderError),
}

impl TlsSettings {
    /// The keys of the section `[tls]`.
    pub const KEYS: &'static [Key] = &[
        Key::optional(
            "tls.certificate",
            "PEM file: our certificate, then its intermediates. Without it the listener speaks plain HTTP.",
        ),
        Key::optional("tls.key", "PEM file: the private key of tls.certificate."),
        Key::optional(
            "tls.client_ca",
            "PEM file of the authorities whose client certificates are accepted; clients without one are then refused (mTLS).",
        ),
        Key::optional(
            "tls.client_name",
            "The name a client certificate must bear. Meta's is client.webhooks.fbclientcerts.com.",
        ),
    ];

    /// Reads the section; `None` when it is empty.
    pub fn from_lookup(lookup: &dyn Lookup) -> Result<Option<Self>, SettingsError> {
        let reader = Reader::new(lookup, Self::KEYS);
        let client_ca = reader.opt_path("tls.client_ca")?;
        let client_name = reader.opt_string("tls.client_name")?;
        let contradiction = |keys, reason: &str| {
            Err(SettingsError::Contradiction {
                keys,
                reason: reason.to_owned(),
            })
        };
        if client_name.is_some() && client_ca.is_none() {
            let keys = vec!["tls.client_name", "tls.client_ca"];
            return contradiction(
                keys,
                "a name says nothing unless an authority vouches for it: set both",
            );
        }
        match (
            reader.opt_path("tls.certificate")?,
            reader.opt_path("tls.key")?,
        ) {
            (Some(certificate), Some(key)) => Ok(Some(Self {
                certificate,
                key,
                client_ca,
                client_name,
            })),
            (None, None) if client_ca.is_none() => Ok(None),
            (None, None) => contradiction(
                vec!["tls.client_ca", "tls.certificate"],
                "client certificates need TLS: set tls.certificate and tls.key too",
            ),
            _ => contradiction(
                vec!["tls.certificate", "tls.key"],
                "one is of no use without the other: set both or neither",
            ),
        }
    }

    fn stamps(&self) -> Vec<Option<SystemTime>> {
        // Through links, because Kubernetes swaps a link when a Secret changes.
        let changed = |path: &PathBuf| {
            std::fs::metadata(path)
                .and_then(|data| data.modified())
                .ok()
        };
        let files = [
            Some(&self.certificate),
            Some(&self.key),
            self.client_ca.as_ref(),
        ];
        files.into_iter().flatten().map(changed).collect()
    }
}

impl Tls {
    /// Reads the files.
    pub fn load(settings: TlsSettings) -> Result<Self, TlsError> {
        // Before the files: if they change in between they are read once too often, not once too seldom.
        let stamps = settings.stamps();
        let current = Arc::new(load::server_config(&settings)?);
        Ok(Self {
            settings: Arc::new(settings),
            current: Arc::new(watch::Sender::new(current)),
            stamps,
        })
    }

    /// The handshake of one connection, with the files now in force.
    pub(crate) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let config = Arc::clone(&self.current.borrow());
        TlsAcceptor::from(config).accept(stream).await
    }

    /// Looks at the files for ever and takes over what has changed. Files that don't fit leave the old ones in
    /// force: a renewal may be half written, and is looked at again.
    pub(crate) async fn keep_fresh(&self) {
        let mut stamps = self.stamps.clone();
        loop {
            tokio::time::sleep(LOOK).await;
            self.refresh(&mut stamps);
        }
    }

    fn refresh(&self, stamps: &mut Vec<Option<SystemTime>>) {
        let now = self.settings.stamps();
        if now == *stamps {
            return;
        }
        match load::server_config(&self.settings) {
            Ok(config) => {
                self.current.send_replace(Arc::new(config));
                *stamps = now;
                tracing::info!("TLS files changed and were read again");
            }
            Err(error) => {
                tracing::error!("TLS files changed and can't be used, the old ones stay: {error}");
            }
        }
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tls").field(&self.settings).finish()
    }
}

#[cfg(test)]
mod tests;
