use serde_json::{Value, json};
use waypost_model::{EffectKey, Event, EventKind};
use waypost_queue::{EventLog, EventSettings, Position, Redis};

use crate::{Heard, Item};

/// The stream, from outside: writes as a worker does, and reads all that there is.
#[derive(Clone)]
pub struct Publisher {
    log: EventLog,
}

/// A message for the stream: what it says besides its name is `more`, an object.
///
/// # Panics
/// When `more` is no object.
pub fn message(number: &str, wamid: &str, mut more: Value) -> Event {
    more["wamid"] = json!(wamid);
    let id = EffectKey::message(number, wamid);
    Event::new(id, EventKind::Message, number, &more).expect("a body")
}

impl Publisher {
    /// In this Redis; the stream keeps about so many events.
    pub fn new(redis: &Redis, keep: u64) -> Self {
        Self {
            log: EventLog::new(redis, &EventSettings { keep }),
        }
    }

    /// Appends events.
    ///
    /// # Panics
    /// When Redis is away.
    pub async fn publish(&self, events: &[Event]) {
        self.log.publish(events).await.expect("Redis");
    }

    /// Appends messages of one number, numbered.
    ///
    /// # Panics
    /// When Redis is away.
    pub async fn messages(&self, number: &str, range: std::ops::Range<usize>) {
        let event = |at| message(number, &format!("wamid.{at}"), json!({}));
        let events: Vec<Event> = range.map(event).collect();
        for events in events.chunks(100) {
            self.publish(events).await;
        }
    }

    /// The newest position.
    ///
    /// # Panics
    /// When Redis is away.
    pub async fn last(&self) -> Position {
        self.log.bounds().await.expect("Redis").last
    }

    /// The oldest position that is kept.
    ///
    /// # Panics
    /// When Redis is away, or nothing is kept.
    pub async fn first(&self) -> Position {
        let bounds = self.log.bounds().await.expect("Redis");
        bounds.first.expect("an event")
    }

    /// All that is in the stream.
    ///
    /// # Panics
    /// When Redis is away.
    pub async fn told(&self) -> Vec<Heard> {
        self.told_after(Position::START).await
    }

    /// All that is in the stream after a position.
    ///
    /// # Panics
    /// When Redis is away.
    pub async fn told_after(&self, position: Position) -> Vec<Heard> {
        let mut told: Vec<Heard> = Vec::new();
        loop {
            let position = told.last().map_or(position, |event| event.position);
            let page = self.log.page(position, 1_000).await.expect("Redis");
            if page.events.is_empty() {
                return told;
            }
            told.extend(page.events.into_iter().map(|event| {
                let data: Value = serde_json::from_str(&event.data).expect("JSON");
                let json = json!({
                    "id": event.id, "position": event.position, "kind": event.kind,
                    "phone_number_id": event.phone_number_id, "data": data,
                });
                match Item::named(&event.kind, json) {
                    Item::Event(heard) => heard,
                    other => panic!("no event: {other:?}"),
                }
            }));
        }
    }
}
