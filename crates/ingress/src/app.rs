//! What all requests share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use http::HeaderValue;
use waypost_settings::SecretString;
use waypost_whatsapp::signature::AppSecrets;

use crate::answer::Answer;
use crate::body::Memory;
use crate::config::Config;
use crate::enqueue::Durable;

/// State of the service; one, behind an `Arc`.
pub(crate) struct App {
    pub(crate) app_secrets: AppSecrets,
    pub(crate) verify_tokens: Vec<SecretString>,
    pub(crate) body_limit: usize,
    pub(crate) body_timeout: Duration,
    pub(crate) body_memory: Memory,
    pub(crate) retry_after: HeaderValue,
    pub(crate) durable: Durable,
    /// Handlers that panicked.
    pub(crate) panicked: Arc<AtomicU64>,
    pub(crate) gate: Gate,
    /// `https` where this process ends TLS itself.
    pub(crate) scheme: &'static str,
}

/// Whether Redis has been found fit to hold what it is given. Clones are the same gate.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gate(Arc<AtomicBool>);

impl App {
    pub(crate) fn new(config: &Config, durable: Durable) -> Self {
        Self {
            app_secrets: config.app_secrets.clone(),
            verify_tokens: config.verify_tokens.clone(),
            body_limit: config.body_limit,
            body_timeout: config.body_timeout,
            body_memory: Memory::new(config.body_memory),
            retry_after: Self::retry_after(config),
            durable,
            panicked: Arc::default(),
            gate: Gate::default(),
            scheme: if config.tls.is_some() {
                "https"
            } else {
                "http"
            },
        }
    }

    /// Whether webhooks may go to Redis. Until it has been asked, it might be one that evicts keys.
    pub(crate) fn is_open(&self) -> bool {
        self.gate.is_open()
    }

    /// The answer while webhooks cannot be made durable.
    pub(crate) fn unavailable(&self) -> Answer {
        Answer::Unavailable(self.retry_after.clone())
    }

    /// What Retry-After says.
    pub(crate) fn retry_after(config: &Config) -> HeaderValue {
        // Whole seconds, at least one: 0 would mean "at once".
        HeaderValue::from(config.retry_after.as_secs().max(1))
    }
}

impl Gate {
    /// Redis has been found fit.
    pub(crate) fn open(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_open(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
