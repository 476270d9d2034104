//! Clients of every kind, each with a name and a scope.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;
use waypost_harness::eventually;
use waypost_realtime_tests::feed::NUMBERS;
use waypost_realtime_tests::{Dial, Follower, Heard, Node, Record, Transport, tokens};

/// Within which all must have come back, or have got what there is.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a client may see.
#[derive(Clone)]
pub(crate) enum Sees {
    Everything,
    Number(&'static str),
    /// With this contact of ours, at the first number.
    Conversation(String),
}

impl Sees {
    fn token(&self) -> String {
        match self {
            Self::Everything => tokens::of_everything(),
            Self::Number(number) => tokens::of_numbers(&[number]),
            Self::Conversation(contact) => tokens::of_conversation(NUMBERS[0], contact),
        }
    }

    fn event(&self, event: &Heard) -> bool {
        match self {
            Self::Everything => true,
            Self::Number(number) => event.number == *number,
            Self::Conversation(contact) => event.number == NUMBERS[0] && event.contact() == contact,
        }
    }
}

/// The clients: ours, which keep to the letter of the standards; `socket.io-client` over WebSocket and over polling alone; Chromium's
/// EventSource.
pub(crate) struct Crowd {
    scopes: BTreeMap<String, Sees>,
    ours: BTreeMap<String, Follower>,
    socket_io: Node,
    chromium: Node,
}

impl Crowd {
    /// All connect to `address`; Chromium from a page at `page`.
    pub(crate) async fn start(address: SocketAddr, page: u16, contact: &str) -> Self {
        let conversation = || Sees::Conversation(contact.to_owned());
        let all: [(&str, Vec<Sees>); 6] = [
            ("sse", vec![Sees::Everything, Sees::Number(NUMBERS[1])]),
            ("socket", vec![Sees::Number(NUMBERS[2])]),
            ("websocket", vec![Sees::Everything, conversation()]),
            ("polling", vec![Sees::Everything, Sees::Number(NUMBERS[0])]),
            // What the package does unless it is told otherwise: polls, and becomes a WebSocket when that works.
            ("either", vec![Sees::Number(NUMBERS[2])]),
            (
                "chromium",
                vec![Sees::Everything, Sees::Number(NUMBERS[1]), conversation()],
            ),
        ];
        let mut scopes = BTreeMap::new();
        let mut ours = BTreeMap::new();
        let (mut sockets, mut sources): (Vec<Value>, Vec<Value>) = Default::default();
        for (kind, all) in all {
            for (at, sees) in all.into_iter().enumerate() {
                let (name, token) = (format!("{kind} {at}"), sees.token());
                match kind {
                    "chromium" => {
                        let url = format!("http://{address}/v1/events?token={token}");
                        sources.push(json!({"name": name, "url": url}));
                    }
                    "websocket" | "polling" | "either" => {
                        let transports = match kind {
                            "either" => json!(["polling", "websocket"]),
                            kind => json!([kind]),
                        };
                        sockets.push(json!({
                            "name": name, "url": format!("http://{address}"), "token": token, "transports": transports,
                        }));
                    }
                    kind => {
                        let transport = match kind {
                            "sse" => Transport::Sse,
                            _ => Transport::SocketIo,
                        };
                        let follower = Follower::start(transport, Dial::to(address, token));
                        ours.insert(name.clone(), follower);
                    }
                }
                scopes.insert(name, sees);
            }
        }
        Self {
            scopes,
            ours,
            socket_io: Node::start("client.mjs", &json!({"clients": sockets})).await,
            chromium: Node::start(
                "eventsource.mjs",
                &json!({"port": page, "clients": sources}),
            )
            .await,
        }
    }

    /// Waits until each has connected so often.
    pub(crate) async fn connected(&self, times: usize) {
        for name in self.scopes.keys() {
            let what = format!("{name} is connected for the {times}. time");
            eventually(PATIENCE, &what, async || {
                self.look(name, |record| {
                    assert!(
                        record.refusals.is_empty(),
                        "{name} was refused: {:?}",
                        record.refusals
                    );
                    record.connects >= times
                })
            })
            .await;
        }
    }

    /// Waits until each has as many events as it may see of these, and then looks whether they are the right ones. `told` is the
    /// whole stream.
    pub(crate) async fn has_all(self, told: &[Heard]) -> BTreeMap<String, Record> {
        let all = async {
            for (name, sees) in &self.scopes {
                let own = told.iter().filter(|event| sees.event(event));
                let own: BTreeSet<&str> = own.map(|event| &*event.id).collect();
                assert!(own.len() > 20, "{name} is told next to nothing");
                eventually(PATIENCE, name, async || {
                    self.look(name, Record::distinct) >= own.len()
                })
                .await;
            }
        };
        // What is missing after a while, the records tell better.
        let _ = timeout(PATIENCE - Duration::from_secs(5), all).await;
        let mut records: BTreeMap<String, Record> = BTreeMap::new();
        records.extend(self.socket_io.stop().await);
        records.extend(self.chromium.stop().await);
        records.extend(
            self.ours
                .into_iter()
                .map(|(name, follower)| (name, follower.stop())),
        );
        for (name, record) in &records {
            record.went_well(name);
            record.is_whole(name, told, |event| self.scopes[name].event(event));
        }
        assert_eq!(records.len(), self.scopes.len());
        records
    }

    fn look<T>(&self, name: &str, look: impl FnOnce(&Record) -> T) -> T {
        match self.ours.get(name) {
            Some(follower) => follower.look(look),
            None if name.starts_with("chromium") => self.chromium.look(name, look),
            None => self.socket_io.look(name, look),
        }
    }
}
