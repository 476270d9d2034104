//! Webhooks about messages that were accepted: planned at once, kept until they are due, signed, sent until taken.
//!
//! `plan` decides which statuses come and when, `render` writes them, `run` keeps and sends them.

mod plan;
mod render;
mod run;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::run::Runner;
use super::accepted::digits_or_all;
use super::log::AcceptedMessage;
use super::wamid::wamid;
use super::{GraphSettings, WebhookSettings};
use crate::send::{SendError, Sender};

/// Accepted messages that wait to be planned.
const WAITING: usize = 4_096;

/// The way to the task that sends webhooks.
pub(super) struct Webhooks {
    sent: mpsc::Sender<Sent>,
    inbound: mpsc::UnboundedSender<Inbound>,
    inbound_count: AtomicU64,
    pending: Arc<AtomicU64>,
}

/// Room for the statuses of one message.
pub(super) struct Room<'a> {
    permit: mpsc::Permit<'a, Sent>,
    pending: &'a AtomicU64,
}

/// What statuses tell of.
pub(super) struct Sent {
    seq: u64,
    wamid: String,
    number: String,
    /// Digits, a user id or a group's id.
    to: String,
    to_group: bool,
    callback: Option<String>,
    /// Reactions are only ever `sent`.
    reaction: bool,
    /// Seconds since 1970.
    at: u64,
}

/// Somebody's text to the business.
struct Inbound {
    wamid: String,
    number: String,
    from: String,
    text: String,
    at: u64,
}

impl Webhooks {
    pub(super) fn start(
        wanted: &WebhookSettings,
        graph: &GraphSettings,
        stop: &CancellationToken,
        tasks: &TaskTracker,
    ) -> Result<Self, SendError> {
        let sender = Sender::new(&wanted.url)?.retry(wanted.retry);
        let (sent, accepted) = mpsc::channel(WAITING);
        let (inbound, written) = mpsc::unbounded_channel();
        let pending = Arc::new(AtomicU64::new(0));
        let runner = Runner::new(wanted.clone(), graph, sender, Arc::clone(&pending));
        tasks.spawn(runner.run(accepted, written, stop.clone()));
        Ok(Self {
            sent,
            inbound,
            inbound_count: AtomicU64::new(0),
            pending,
        })
    }

    /// Waits until there is room; `None` when all is ending.
    pub(super) async fn room(&self) -> Option<Room<'_>> {
        let permit = self.sent.reserve().await.ok()?;
        Some(Room {
            permit,
            pending: &self.pending,
        })
    }

    pub(super) fn pending(&self) -> u64 {
        self.pending.load(Ordering::Acquire)
    }

    /// Gives the id of the message.
    pub(super) fn inbound(&self, seed: u64, from: &str, number: &str, text: &str) -> String {
        let count = self.inbound_count.fetch_add(1, Ordering::Relaxed);
        let from = digits_or_all(from);
        // Another half of the ids than that of accepted messages.
        let wamid = wamid(seed, count | 1 << 39, &from);
        self.pending.fetch_add(1, Ordering::AcqRel);
        let inbound = Inbound {
            wamid: wamid.clone(),
            number: number.to_owned(),
            from,
            text: text.to_owned(),
            at: seconds(SystemTime::now()),
        };
        if self.inbound.send(inbound).is_err() {
            self.pending.fetch_sub(1, Ordering::AcqRel);
        }
        wamid
    }
}

impl Room<'_> {
    pub(super) fn send(self, sent: Sent) {
        self.pending.fetch_add(1, Ordering::AcqRel);
        self.permit.send(sent);
    }
}

impl Sent {
    pub(super) fn new(message: &AcceptedMessage, recipient_type: Option<&str>) -> Self {
        Self {
            seq: message.seq,
            wamid: message.wamid.clone(),
            number: message.phone_number_id.clone(),
            to: digits_or_all(&message.to),
            to_group: recipient_type == Some("group"),
            callback: message.callback.clone(),
            reaction: message.kind == "reaction",
            at: seconds(message.at),
        }
    }
}

fn seconds(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
