//! What was accepted, and how every request was answered.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use serde::{Serialize, Serializer};
use uuid::Uuid;

/// A message that the fake Meta took. Taken once is sent once: there are no others.
#[derive(Clone, PartialEq, Serialize)]
pub struct AcceptedMessage {
    /// Its place in the order of acceptance, from 1.
    pub seq: u64,
    /// The id in `biz_opaque_callback_data`, when that is `wp:` and an id.
    pub our_id: Option<Uuid>,
    /// `biz_opaque_callback_data` as it came.
    pub callback: Option<String>,
    /// The id it was given.
    pub wamid: String,
    /// The number it was sent from.
    pub phone_number_id: String,
    /// `to` or `recipient` as it came.
    pub to: String,
    /// `type`.
    pub kind: String,
    /// When it was accepted.
    #[serde(rename = "at_ms", serialize_with = "unix_millis")]
    pub at: SystemTime,
    /// The same by a clock that never jumps: time since the fake Meta was started.
    #[serde(rename = "since_start_us", serialize_with = "micros")]
    pub since_start: Duration,
    /// False when the sender was left without a whole answer.
    pub answered: bool,
}

/// How a request ended. Its text is the key of [`Graph::answers`](super::Graph::answers).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Told {
    /// `429`
    Status(u16),
    /// `400/130429`
    Code(u16, u32),
    /// `reset_after`
    Lost(&'static str),
}

#[derive(Default)]
pub(super) struct Log {
    keep: bool,
    requests: AtomicU64,
    accepted: AtomicU64,
    messages: Mutex<Messages>,
    answers: Mutex<BTreeMap<Told, u64>>,
}

#[derive(Default)]
struct Messages {
    list: Vec<AcceptedMessage>,
    by_id: HashMap<Uuid, Vec<usize>>,
}

impl Log {
    pub(super) fn new(keep: bool) -> Self {
        Self {
            keep,
            ..Self::default()
        }
    }

    pub(super) fn requested(&self) -> u64 {
        self.requests.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Gives it its place, and keeps it.
    pub(super) fn accept(&self, make: impl FnOnce(u64) -> AcceptedMessage) -> AcceptedMessage {
        if !self.keep {
            return make(self.accepted.fetch_add(1, Ordering::Relaxed) + 1);
        }
        let mut messages = self.messages();
        // Under the lock, so that the order of the list is that of the numbers.
        let message = make(self.accepted.fetch_add(1, Ordering::Relaxed) + 1);
        if let Some(id) = message.our_id {
            let place = messages.list.len();
            messages.by_id.entry(id).or_default().push(place);
        }
        messages.list.push(message.clone());
        message
    }

    /// The sender of this one has its answer.
    pub(super) fn answered(&self, seq: u64) {
        if self.keep
            && let Some(message) = self.messages().list.get_mut(place(seq))
        {
            message.answered = true;
        }
    }

    pub(super) fn told(&self, told: Told) {
        *lock(&self.answers).entry(told).or_default() += 1;
    }

    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    pub(super) fn accepted_count(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    /// At most `most` of those after this place.
    pub(super) fn after(&self, seq: u64, most: usize) -> Vec<AcceptedMessage> {
        let messages = self.messages();
        let first = usize::try_from(seq).unwrap_or(usize::MAX);
        messages
            .list
            .iter()
            .skip(first)
            .take(most)
            .cloned()
            .collect()
    }

    pub(super) fn by_id(&self, id: Uuid) -> Vec<AcceptedMessage> {
        let messages = self.messages();
        let places = messages
            .by_id
            .get(&id)
            .map(Vec::as_slice)
            .unwrap_or_default();
        places
            .iter()
            .filter_map(|place| messages.list.get(*place).cloned())
            .collect()
    }

    pub(super) fn answers(&self) -> BTreeMap<String, u64> {
        let answers = lock(&self.answers);
        answers
            .iter()
            .map(|(told, count)| (told.to_string(), *count))
            .collect()
    }

    fn messages(&self) -> MutexGuard<'_, Messages> {
        lock(&self.messages)
    }
}

fn place(seq: u64) -> usize {
    usize::try_from(seq.saturating_sub(1)).unwrap_or(usize::MAX)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn unix_millis<S: Serializer>(at: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    let since = at
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    super::millis::serialize(&since, serializer)
}

fn micros<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "{status}"),
            Self::Code(status, code) => write!(f, "{status}/{code}"),
            Self::Lost(how) => f.write_str(how),
        }
    }
}

/// No recipient, no wamid (which holds the recipient), no data of the caller.
impl fmt::Debug for AcceptedMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcceptedMessage")
            .field("seq", &self.seq)
            .field("our_id", &self.our_id)
            .field("phone_number_id", &self.phone_number_id)
            .field("kind", &self.kind)
            .field("answered", &self.answered)
            .finish_non_exhaustive()
    }
}
