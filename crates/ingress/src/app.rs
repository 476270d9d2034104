//! What all requests share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use http::HeaderValue;
use waypost_settings::SecretString;
use waypost_whatsapp::signature::AppSecrets;

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
    pub(crate) counters: Counters,
    pub(crate) gate: Gate,
}

/// Whether Redis has been found fit to hold what it is given. Clones are the same gate.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gate(Arc<AtomicBool>);

/// What became of the requests. Relaxed throughout: each number stands alone.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) accepted: AtomicU64,
    pub(crate) spooled: AtomicU64,
    pub(crate) unsigned: AtomicU64,
    pub(crate) unavailable: AtomicU64,
    pub(crate) panicked: Arc<AtomicU64>,
}

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
            counters: Counters::default(),
            gate: Gate::default(),
        }
    }

    /// Whether webhooks may go to Redis. Until it has been asked, it might be one that evicts keys.
    pub(crate) fn is_open(&self) -> bool {
        self.gate.is_open()
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

/// Counts one more.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
