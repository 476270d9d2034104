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
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use http::HeaderValue;
use waypost_queue::Acceptor;
use waypost_settings::Watched;
use waypost_telemetry::metrics::ingress;
use waypost_telemetry::metrics::label::SendResult;

use crate::app::Gate;
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
    /// Handlers that panicked.
    pub(crate) panicked: Arc<AtomicU64>,
}

/// Counts a problem, of a request or of one message of a batch.
fn count_problem(problem: &Problem) {
    let result = match problem.kind() {
        Kind::NoKey | Kind::UnknownKey | Kind::Forbidden => SendResult::Unauthorized,
        Kind::Backlog => SendResult::Backlog,
        Kind::Unavailable | Kind::Internal => SendResult::Unavailable,
        _ => SendResult::Refused,
    };
    ingress::SEND_REQUESTS.of(result).inc();
}
