//! The stream of events: written after the commit, read by whoever tells the browsers.

mod position;
mod tail;

use redis::aio::ConnectionManager;
use redis::streams::{StreamId, StreamRangeReply};
use waypost_model::Event;

use crate::connect::Redis;
use crate::error::QueueError;
use crate::settings::EventSettings;

pub use position::{NotAPosition, Position};
pub use tail::{Bounds, EventPage, EventTail};

/// The stream. Each entry has the fields `id`, `kind`, `phone_number_id` and `data` (a JSON object), and `traceparent`
/// where the event belongs to a trace.
#[derive(Clone)]
pub struct EventLog {
    connection: ConnectionManager,
    key: String,
    keep: u64,
}

/// An event as it stands in the stream.
#[derive(Clone)]
pub struct StoredEvent {
    /// Its place in the stream: what a client hands over to resume.
    pub position: String,
    /// Same effect, same id: to drop doubles by.
    pub id: String,
    /// `message`, `status`, `contact` or `account`.
    pub kind: String,
    /// The business number, empty when it concerns a whole account.
    pub phone_number_id: String,
    /// The body, a JSON object.
    pub data: String,
    /// W3C trace context, empty when there is none.
    pub traceparent: String,
}

/// Bodies hold what people wrote, so they are left out.
impl std::fmt::Debug for StoredEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredEvent")
            .field("position", &self.position)
            .field("id", &self.id)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl EventLog {
    /// The stream in `redis`.
    pub fn new(redis: &Redis, settings: &EventSettings) -> Self {
        Self {
            connection: redis.connection(),
            key: redis.keys().events(),
            keep: settings.keep,
        }
    }

    /// About how many events the stream keeps.
    pub fn keep(&self) -> u64 {
        self.keep
    }

    /// Appends events in order. One round trip.
    ///
    /// # Errors
    /// When Redis cannot be asked; some may have been appended, so send all again.
    pub async fn publish(&self, events: &[Event]) -> Result<(), QueueError> {
        if events.is_empty() {
            return Ok(());
        }
        let mut pipe = redis::pipe();
        for event in events {
            pipe.cmd("XADD")
                .arg(&self.key)
                .arg("MAXLEN")
                .arg("~")
                .arg(self.keep)
                .arg("*")
                .arg("id")
                .arg(event.id.to_string())
                .arg("kind")
                .arg(event.kind.as_str())
                .arg("phone_number_id")
                .arg(&event.phone_number_id)
                .arg("data")
                .arg(&event.data);
            if !event.traceparent.is_empty() {
                pipe.arg("traceparent").arg(&event.traceparent);
            }
            pipe.ignore();
        }
        Ok(pipe.exec_async(&mut self.connection.clone()).await?)
    }

    /// Reads up to `limit` events after `position` (`"-"` for the oldest).
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn after(
        &self,
        position: &str,
        limit: usize,
    ) -> Result<Vec<StoredEvent>, QueueError> {
        let from = if position == "-" {
            position.to_owned()
        } else {
            format!("({position}")
        };
        let reply: StreamRangeReply = redis::cmd("XRANGE")
            .arg(&self.key)
            .arg(from)
            .arg("+")
            .arg("COUNT")
            .arg(limit)
            .query_async(&mut self.connection.clone())
            .await?;
        Ok(reply.ids.into_iter().map(stored).collect())
    }
}

fn stored(mut entry: StreamId) -> StoredEvent {
    let mut take = |name: &str| {
        let value = entry.map.remove(name);
        value
            .and_then(|value| redis::from_redis_value(value).ok())
            .unwrap_or_default()
    };
    StoredEvent {
        id: take("id"),
        kind: take("kind"),
        phone_number_id: take("phone_number_id"),
        data: take("data"),
        traceparent: take("traceparent"),
        position: entry.id,
    }
}
