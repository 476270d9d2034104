//! The Graph side of the fake Meta: takes messages and media, and tells later what became of them.
//!
//! ```text
//! POST …/messages ──token──▶ parse ──▶ scripted fault? ──▶ check ──▶ limits ──▶ log ──▶ answer (or not)
//!                                                                               └──▶ status webhooks, later
//! ```
//!
//! In reading order:
//!
//! - [`GraphSettings`], [`Limits`], [`Fault`]: what it is told. All but the first can be changed while it runs, also
//!   over `/_sandbox/` (`control`).
//! - `serve`, `route`: connections and paths. `messages`: the way of a message; `request` and `check` read it.
//! - `accepted`, `answer`, `codes`, `wamid`: Meta's bodies, errors and ids.
//! - `log`: what was accepted, in order. `media`: files.
//! - `webhooks`: statuses, signed, late, twice and out of order.

mod accepted;
mod answer;
mod armed;
mod check;
mod codes;
mod control;
mod fault;
mod limits;
mod log;
mod media;
mod messages;
mod millis;
mod multipart;
mod request;
mod route;
mod serve;
mod settings;
mod shared;
mod wamid;
mod webhooks;

pub use fault::{Effect, ErrorAnswer, Fault, Filter};
pub use limits::{Limits, PairRate, Rate};
pub use log::AcceptedMessage;
pub use settings::{GraphSettings, WebhookSettings};

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::net::TcpListener;
use tokio_util::sync::DropGuard;
use uuid::Uuid;

use self::shared::Shared;
use crate::send::SendError;

/// A running fake Graph API. It ends when the last clone is dropped, or with [`Graph::stop`].
#[derive(Clone)]
pub struct Graph {
    shared: Arc<Shared>,
    /// Ends everything when the last handle goes.
    _stop: Arc<DropGuard>,
}

/// Why it cannot run.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The listener has no address.
    #[error("the listener of the fake Meta has no address")]
    Listener(#[source] std::io::Error),
    /// Webhooks could never arrive.
    #[error(transparent)]
    Webhooks(#[from] SendError),
}

impl Graph {
    /// Serves on this listener from now on.
    pub fn start(listener: TcpListener, settings: GraphSettings) -> Result<Self, StartError> {
        let address = listener.local_addr().map_err(StartError::Listener)?;
        let shared = Shared::new(format!("http://{address}"), settings)?;
        let stop = shared.stop.clone().drop_guard();
        shared
            .tasks
            .spawn(serve::accept(listener, Arc::clone(&shared)));
        Ok(Self {
            shared,
            _stop: Arc::new(stop),
        })
    }

    /// Where it listens, like `http://127.0.0.1:8099`.
    pub fn url(&self) -> &str {
        &self.shared.url
    }

    /// Requests to the Graph API so far, good and bad.
    pub fn requests(&self) -> u64 {
        self.shared.log.requests()
    }

    /// Messages accepted so far.
    pub fn accepted_count(&self) -> u64 {
        self.shared.log.accepted_count()
    }

    /// Messages marked as read so far.
    pub fn marked_read(&self) -> u64 {
        self.shared.marked_read.load(Ordering::Relaxed)
    }

    /// Every accepted message, in the order of acceptance.
    pub fn accepted(&self) -> Vec<AcceptedMessage> {
        self.accepted_after(0)
    }

    /// Those after this place.
    pub fn accepted_after(&self, seq: u64) -> Vec<AcceptedMessage> {
        self.shared.log.after(seq, usize::MAX)
    }

    /// Those that carried this id of ours: more than one means it was sent twice.
    pub fn accepted_by_id(&self, our_id: Uuid) -> Vec<AcceptedMessage> {
        self.shared.log.by_id(our_id)
    }

    /// How requests ended, and how often: `200`, `400/130429` for an error with its code, `429` and `502` for those
    /// without, `reset_before`, `reset_after`, `truncated_answer`, `hang_after_accept`.
    pub fn answers(&self) -> BTreeMap<String, u64> {
        self.shared.log.answers()
    }

    /// Replaces all faults; their counts and times begin anew.
    pub fn set_faults(&self, faults: Vec<Fault>) {
        self.shared.faults.set(faults);
    }

    /// No faults any more.
    pub fn clear_faults(&self) {
        self.set_faults(Vec::new());
    }

    /// How often each fault has acted, in their order.
    pub fn faults_acted(&self) -> Vec<u64> {
        self.shared.faults.acted()
    }

    /// Replaces the limits; all buckets are full again.
    pub fn set_limits(&self, limits: Option<Limits>) {
        self.shared.set_limits(limits);
    }

    /// Replaces the good tokens: the others have expired. None at all: any token is good.
    pub fn set_tokens(&self, tokens: Vec<String>) {
        self.shared.set_tokens(tokens);
    }

    /// Statuses and inbound messages that have not been answered with 200 yet. Includes messages whose statuses are
    /// not planned yet, so that 0 means that all is told.
    pub fn webhooks_pending(&self) -> u64 {
        let webhooks = self.shared.webhooks.as_ref();
        webhooks.map_or(0, |webhooks| webhooks.pending())
    }

    /// Somebody writes to the business. Gives the message's id; `None` when no address for webhooks was given.
    pub fn inbound(&self, from: &str, phone_number_id: &str, text: &str) -> Option<String> {
        let webhooks = self.shared.webhooks.as_ref()?;
        Some(webhooks.inbound(self.shared.settings.seed, from, phone_number_id, text))
    }

    /// Ends all connections at once and waits until the port is free. What webhooks were still to come are lost.
    pub async fn stop(self) {
        self.shared.stop.cancel();
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
    }
}

impl std::fmt::Debug for Graph {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Graph")
            .field("url", &self.shared.url)
            .field("requests", &self.requests())
            .field("accepted", &self.accepted_count())
            .finish_non_exhaustive()
    }
}
