use std::time::Duration;

use serde_json::Value;
use waypost_queue::Position;

/// An event, as a client got it.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    /// Same effect, same id.
    pub id: String,
    /// Its place in the stream.
    pub position: Position,
    /// `message`, `status`, `contact` or `account`.
    pub kind: String,
    /// The business number.
    pub number: String,
    /// The body.
    pub data: Value,
}

/// What a client can be told.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// Something happened.
    Event(Heard),
    /// Resume from here.
    Position(Position),
    /// Some of what happened before has gone.
    Resync(Resync),
    /// The server ends the connection.
    Bye(Bye),
}

/// The client missed events that nobody has any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resync {
    /// Since when, as it was written.
    pub since: String,
    /// From where it goes on.
    pub position: Position,
}

/// The last that a connection says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bye {
    /// Why.
    pub reason: String,
    /// When to come back.
    pub retry: Duration,
}

impl Item {
    /// What an event of this name means; both transports name and write them alike.
    ///
    /// # Panics
    /// When it is none that a client was promised.
    pub fn named(name: &str, json: Value) -> Self {
        match name {
            "position" => Self::Position(position(&json)),
            "resync" => Self::Resync(Resync {
                since: text(&json, "since"),
                position: position(&json),
            }),
            "bye" => Self::Bye(Bye {
                reason: text(&json, "reason"),
                retry: Duration::from_millis(json["retry_ms"].as_u64().expect("retry_ms")),
            }),
            "message" | "status" | "contact" | "account" => {
                let heard = Heard::read(json);
                assert_eq!(heard.kind, name, "the name of an event is its kind");
                Self::Event(heard)
            }
            other => panic!("an event called {other}: {json}"),
        }
    }
}

impl Heard {
    fn read(mut json: Value) -> Self {
        Self {
            id: text(&json, "id"),
            position: position(&json),
            kind: text(&json, "kind"),
            number: text(&json, "phone_number_id"),
            data: json["data"].take(),
        }
    }

    /// What it tells of: a message by its id, a status by id and word.
    pub fn key(&self) -> String {
        let text = |name: &str| self.data[name].as_str().unwrap_or_default();
        match self.kind.as_str() {
            "status" => format!("{} {}", text("wamid"), text("status")),
            _ => text("wamid").to_owned(),
        }
    }

    /// Our id of the contact that it concerns; `""` where none is named.
    pub fn contact(&self) -> &str {
        self.data["contact_id"].as_str().unwrap_or_default()
    }
}

fn position(json: &Value) -> Position {
    let text = text(json, "position");
    let position = text.parse();
    position.unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn text(json: &Value, name: &str) -> String {
    match json[name].as_str() {
        Some(text) => text.to_owned(),
        None => panic!("no {name} in {json}"),
    }
}
