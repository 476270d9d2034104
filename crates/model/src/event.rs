//! What the rest of the world is told after a commit.

use serde::Serialize;

use crate::EffectKey;

/// What an event is about. The word is also the name of the event in the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EventKind {
    /// A message was stored.
    Message,
    /// A status of a sent message was stored.
    Status,
    /// A contact was announced to have changed its identifiers, or was named in an address book.
    Contact,
    /// Anything that concerns the account: every webhook field other than `messages`.
    Account,
}

impl EventKind {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Status => "status",
            Self::Contact => "contact",
            Self::Account => "account",
        }
    }
}

/// One event, as it goes into the stream. Delivered at least once; `id` lets the receiver drop doubles.
#[derive(Clone)]
pub struct Event {
    /// Same effect, same id.
    pub id: EffectKey,
    /// What it is about.
    pub kind: EventKind,
    /// The business number, for the room of that number; empty when the event concerns a whole account.
    pub phone_number_id: String,
    /// The body, a JSON object.
    pub data: String,
    /// The trace it belongs to, as a W3C `traceparent`; empty when there is none.
    pub traceparent: String,
}

/// Bodies hold what people wrote, so they are left out.
impl std::fmt::Debug for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Event")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl Event {
    /// Builds an event from a body that serialises to a JSON object.
    ///
    /// # Errors
    /// When `body` cannot be serialised, which for plain structs of strings does not happen.
    pub fn new(
        id: EffectKey,
        kind: EventKind,
        phone_number_id: &str,
        body: &impl Serialize,
    ) -> Result<Self, serde_json::Error> {
        Ok(Self {
            id,
            kind,
            phone_number_id: phone_number_id.to_owned(),
            data: serde_json::to_string(body)?,
            traceparent: String::new(),
        })
    }

    /// Adds `payload`, JSON text as it was received, to the body under `name`. It is not parsed again.
    pub fn carry(&mut self, name: &str, payload: &str) {
        let empty = self.data == "{}";
        self.data.reserve(name.len() + payload.len() + 6);
        self.data.pop();
        self.data.push_str(if empty { "\"" } else { ",\"" });
        self.data.push_str(name);
        self.data.push_str("\":");
        self.data.push_str(payload);
        self.data.push('}');
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_payload_is_carried_as_it_came() {
        for body in [json!({}), json!({ "a": 1 })] {
            let id = EffectKey::message("n", "w");
            let mut event = Event::new(id, EventKind::Message, "n", &body).unwrap();
            event.carry("message", r#"{"x":1.0e5}"#);
            assert!(event.data.ends_with(r#""message":{"x":1.0e5}}"#));
            let read: serde_json::Value = serde_json::from_str(&event.data).unwrap();
            assert_eq!(read["message"]["x"], 1.0e5);
        }
    }
}
