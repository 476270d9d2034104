//! What a fake Meta is started with.

use std::fmt;
use std::ops::Range;
use std::time::Duration;

use super::Limits;
use crate::send::Retry;

/// How the Graph side behaves. The default accepts any token, limits nothing, answers at once and sends no webhooks.
#[derive(Clone)]
pub struct GraphSettings {
    /// Same seed and same requests: same ids, same chances.
    pub seed: u64,
    /// Bearer tokens that are good. None given: every token is, but one there must be.
    pub tokens: Vec<String>,
    /// Signs the webhooks and, with `require_proof`, checks `appsecret_proof`.
    pub app_secret: Option<String>,
    /// Refuse calls without a right `appsecret_proof`, as apps with "Require App Secret" do.
    pub require_proof: bool,
    /// Meta's limits; `None`: as fast as you can.
    pub limits: Option<Limits>,
    /// How long an answer takes.
    pub latency: Range<Duration>,
    /// Where statuses go, and how; `None`: nowhere.
    pub webhooks: Option<WebhookSettings>,
    /// Keep every accepted message for tests to read. Counts are kept in any case.
    pub log: bool,
    /// How long the address of a media file is good: five minutes at Meta.
    pub media_url_life: Duration,
}

/// How status webhooks come: late, twice, out of order, many at once. Shares are from 0 to 1.
#[derive(Clone)]
pub struct WebhookSettings {
    /// Where to POST, like `http://127.0.0.1:8080/webhook`.
    pub url: String,
    /// From the message to `sent`, and then from each status to the next.
    pub delay: Range<Duration>,
    /// Share of statuses that come twice.
    pub doubled: f64,
    /// Share of messages whose statuses come in another order than they happened.
    pub disorder: f64,
    /// Share of messages that end with `failed` after `sent`.
    pub failed: f64,
    /// The error of those.
    pub failed_code: u32,
    /// Share of messages of which no status ever comes.
    pub lost: f64,
    /// Statuses in one webhook, at most. Meta goes up to 1,000.
    pub batch: usize,
    /// Webhooks on their way at the same time.
    pub at_once: usize,
    /// What to do when the answer is not 200.
    pub retry: Retry,
    /// Statuses that may wait to be sent. Beyond it, the Graph side answers later rather than forget one.
    pub most_pending: usize,
}

impl Default for GraphSettings {
    fn default() -> Self {
        Self {
            seed: 1,
            tokens: Vec::new(),
            app_secret: None,
            require_proof: false,
            limits: None,
            latency: Duration::ZERO..Duration::ZERO,
            webhooks: None,
            log: true,
            media_url_life: Duration::from_secs(300),
        }
    }
}

impl WebhookSettings {
    /// Statuses to this address, quick and orderly, tried again for seven days.
    pub fn to(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            delay: Duration::from_millis(20)..Duration::from_millis(200),
            doubled: 0.0,
            disorder: 0.0,
            failed: 0.0,
            failed_code: 131_026,
            lost: 0.0,
            batch: 50,
            at_once: 8,
            retry: Retry::LikeMeta {
                first: Duration::from_millis(200),
                longest: Duration::from_secs(5),
                give_up: Duration::from_secs(7 * 24 * 3_600),
            },
            most_pending: 1_000_000,
        }
    }

    /// Statuses as they come on a bad day: every tenth twice, every fifth message in disorder.
    #[must_use]
    pub fn rough(self) -> Self {
        Self {
            doubled: 0.1,
            disorder: 0.2,
            ..self
        }
    }
}

/// No tokens and no secret.
impl fmt::Debug for GraphSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GraphSettings")
            .field("seed", &self.seed)
            .field("tokens", &self.tokens.len())
            .field("require_proof", &self.require_proof)
            .field("limits", &self.limits)
            .field("latency", &self.latency)
            .field("webhooks", &self.webhooks)
            .field("log", &self.log)
            .finish_non_exhaustive()
    }
}

/// No address: it may hold a password.
impl fmt::Debug for WebhookSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookSettings")
            .field("delay", &self.delay)
            .field("doubled", &self.doubled)
            .field("disorder", &self.disorder)
            .field("failed", &self.failed)
            .field("lost", &self.lost)
            .field("batch", &self.batch)
            .finish_non_exhaustive()
    }
}
