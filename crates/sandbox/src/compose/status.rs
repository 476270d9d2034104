//! Statuses: what became of messages that the business sent.

use serde_json::{Map, Value, json};

use super::{Composed, Composer, Customer, Effect, Number, Place};
use crate::encode::encode;

/// The life of one outbound message, as a chain of statuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Story {
    /// sent, delivered, read
    Read,
    /// sent, read: the chat was open.
    ReadAtOnce,
    /// sent, delivered, read, played: a voice message.
    Played,
    /// sent, delivered: receipts are off.
    Delivered,
    /// sent, failed
    Failed,
    /// sent, then delivered and read for each of two members of a group.
    Group,
    /// sent, delivered, to somebody of whom only the user id is known.
    ToUserId,
    /// A payment in India.
    Payment,
    /// `deleted`, of older days.
    Deleted,
    /// `warning`, of on-premises days.
    Warning,
    /// A word that Meta has not invented yet.
    Future,
}

impl Story {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Read,
        Self::ReadAtOnce,
        Self::Played,
        Self::Delivered,
        Self::Failed,
        Self::Group,
        Self::ToUserId,
        Self::Payment,
        Self::Deleted,
        Self::Warning,
        Self::Future,
    ];

    fn words(self) -> &'static [&'static str] {
        match self {
            Self::Read => &["sent", "delivered", "read"],
            Self::ReadAtOnce => &["sent", "read"],
            Self::Played => &["sent", "delivered", "read", "played"],
            Self::Delivered | Self::ToUserId => &["sent", "delivered"],
            Self::Failed => &["sent", "failed"],
            Self::Group => &["delivered", "read"],
            Self::Payment => &["captured"],
            Self::Deleted => &["deleted"],
            Self::Warning => &["warning"],
            Self::Future => &["teleported"],
        }
    }
}

/// The message that statuses are about.
struct Sent {
    story: Story,
    number: Number,
    to: Customer,
    wamid: String,
}

impl Composer {
    /// The statuses of one message that was sent, in the order they happened.
    pub fn story(&mut self, story: Story) -> Vec<Composed> {
        let wamid = self.wamid();
        let sent = Sent {
            story,
            number: self.number(),
            to: self.customer(),
            wamid,
        };
        let mut statuses = Vec::new();
        for word in story.words() {
            statuses.push(self.status(&sent, word, &sent.to));
            if story == Story::Group {
                let other = self.someone_else(&sent.to);
                statuses.push(self.status(&sent, word, &other));
            }
        }
        statuses
    }

    /// The second member of the group is the same one at each word.
    fn someone_else(&self, first: &Customer) -> Customer {
        let other = self
            .customers
            .iter()
            .find(|customer| customer.user_id != first.user_id);
        other.unwrap_or(first).clone()
    }

    fn status(&mut self, sent: &Sent, word: &str, to: &Customer) -> Composed {
        let mut item = Map::new();
        item.insert("id".to_owned(), json!(sent.wamid));
        item.insert("status".to_owned(), json!(word));
        item.insert("timestamp".to_owned(), json!(self.now().to_string()));
        match sent.story {
            Story::Group => {
                item.insert("recipient_id".to_owned(), json!("R1JPVVAtMQ=="));
                item.insert("recipient_type".to_owned(), json!("group"));
                to.sign(
                    &mut item,
                    "recipient_participant_id",
                    "recipient_participant_user_id",
                );
            }
            Story::ToUserId => {
                item.insert("recipient_user_id".to_owned(), json!(to.user_id));
            }
            _ => to.sign(&mut item, "recipient_id", "recipient_user_id"),
        }
        self.details(word, &mut item);
        Composed {
            number: sent.number,
            place: Place::Statuses,
            json: encode(&Value::Object(item)),
            // Meta leaves the contact out of `failed`.
            contact: (word != "failed").then(|| encode(&to.contact())),
            effects: vec![Effect::Status {
                status: word.to_owned(),
            }],
            repeats: false,
        }
    }

    fn details(&mut self, word: &str, item: &mut Map<String, Value>) {
        let mut set = |key: &str, value: Value| item.insert(key.to_owned(), value);
        match word {
            "sent" => {
                set(
                    "pricing",
                    json!({"billable": true, "pricing_model": "PMP", "type": "regular", "category": "utility"}),
                );
                set(
                    "biz_opaque_callback_data",
                    json!(format!("sandbox-{}", self.next_count())),
                );
            }
            "failed" => {
                let title = "Message undeliverable";
                let error = json!({
                    "code": 131_026, "title": title, "message": title,
                    "error_data": {"details": "Message undeliverable."}, "href": "https://docs.example.com/errors/",
                });
                set("errors", json!([error]));
            }
            "captured" => {
                set("type", json!("payment"));
                set(
                    "payment",
                    json!({
                        "reference_id": format!("order-{}", self.next_count()),
                        "amount": {"value": 12_500, "offset": 100}, "currency": "INR",
                        "transaction": {"id": "t1", "type": "upi", "status": "success"},
                    }),
                );
            }
            _ => {}
        }
    }
}
