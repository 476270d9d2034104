//! The Send API: a request becomes a message in the outbox, or is told at once what is wrong with it.
//!
//! Served on the private listener. What is answered 202 is durable in Redis; sends never go to the spool, because two
//! places would have no common order. The way of a request, in reading order:
//!
//! 1. `route`: path and method. `authorize`: whose key it is, over `keys`, the file of keys.
//! 2. `read`: headers and bytes. `members`: JSON cut into parts, each as it was written.
//! 3. `check`: one message, our rules and Meta's, over `divide` (what is ours, what goes to Meta), `time`, and `body`
//!    (the object for Meta).
//! 4. `accept`: into the outbox. `batch`: the same for up to a thousand.
//! 5. `answer`: what is answered; `kind`: the kinds of problems.
//!
//! `serve` starts and stops it with the rest of the service; `settings` is its section of the configuration.
//!
//! `docs/SEND-API.md` is the page for callers.

mod accept;
mod answer;
mod authorize;
mod batch;
mod body;
mod check;
mod divide;
mod keys;
mod kind;
mod members;
mod read;
mod route;
mod serve;
mod settings;
mod time;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::HeaderValue;
use waypost_queue::Acceptor;
use waypost_settings::Watched;

use crate::app::{Gate, count};
use crate::body::Memory;
use answer::Problem;
use kind::Kind;

use keys::Keys;
pub use keys::{KeyFault, NewKey, new_key};
pub(crate) use serve::Sending;
pub use settings::SendSettings;

/// What all requests to the Send API share.
pub(crate) struct Api {
    pub(crate) settings: SendSettings,
    pub(crate) acceptor: Acceptor,
    pub(crate) keys: Keys,
    pub(crate) numbers: Watched,
    pub(crate) body_timeout: Duration,
    /// Not the webhooks' own: strangers can fill that one.
    pub(crate) body_memory: Memory,
    pub(crate) retry_after: HeaderValue,
    pub(crate) gate: Gate,
    pub(crate) counters: Counters,
}

/// What became of the messages. Relaxed throughout: each number stands alone.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) accepted: AtomicU64,
    pub(crate) replayed: AtomicU64,
    unauthorized: AtomicU64,
    refused: AtomicU64,
    backlog: AtomicU64,
    unavailable: AtomicU64,
    pub(crate) panicked: Arc<AtomicU64>,
}

impl Counters {
    /// Counts a problem, of a request or of one message of a batch.
    pub(crate) fn problem(&self, problem: &Problem) {
        count(match problem.kind() {
            Kind::NoKey | Kind::UnknownKey | Kind::Forbidden => &self.unauthorized,
            Kind::Backlog => &self.backlog,
            Kind::Unavailable => &self.unavailable,
            _ => &self.refused,
        });
    }

    /// Logs all of them, at the end.
    pub(crate) fn report(&self) {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        tracing::info!(
            accepted = read(&self.accepted),
            replayed = read(&self.replayed),
            unauthorized = read(&self.unauthorized),
            refused = read(&self.refused),
            backlog = read(&self.backlog),
            unavailable = read(&self.unavailable),
            panicked = read(&self.panicked),
            "send API drained"
        );
    }
}
