//! A body that holds one update only, so that a bad item can be retried, dead-lettered and replayed alone.
//!
//! The body is a webhook like any other, with one member more: it says which part of the change counts. Without it
//! an isolated history message would count as one more change of the account.

use crate::json::{Json, Wire};
use crate::message::{HistoryMessage, Message};
use crate::status::Status;
use crate::timestamp::Timestamp;
use crate::webhook::{Place, Update, UpdateBody};

/// The member that marks such a body. Meta signs every body, so no one but us can have put it there.
pub(crate) const ISOLATED: &str = "waypost_isolated";

/// Which part of the one change in the body counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Isolated {
    /// The one message or status, not the change around it.
    Item,
    /// The change as an event of the account, not the messages in it.
    Change,
    /// The change as something that cannot be understood.
    Broken,
}

impl Isolated {
    fn word(self) -> &'static str {
        match self {
            Self::Item => "\"item\"",
            Self::Change => "\"change\"",
            Self::Broken => "\"broken\"",
        }
    }
}

impl<'a> Wire<'a> for Isolated {
    fn read(json: Json<'a>) -> Option<Self> {
        [Self::Item, Self::Change, Self::Broken]
            .into_iter()
            .find(|part| part.word() == json.get())
    }
}

impl Update<'_> {
    /// A minimal webhook body with this update alone: parsing it gives one update that equals this one, with the
    /// same raw text, business number and contact.
    pub fn isolate(&self) -> Vec<u8> {
        let mut body = String::with_capacity(self.raw().len() + 512);
        body.push_str("{\"object\":\"whatsapp_business_account\",\"");
        body.push_str(ISOLATED);
        body.push_str("\":");
        body.push_str(self.part().word());
        body.push_str(",\"entry\":[");
        self.entry(&mut body);
        body.push_str("]}");
        body.into_bytes()
    }

    fn part(&self) -> Isolated {
        match (self.place, &self.body) {
            (Place::Change, UpdateBody::Malformed { why, .. }) if !why.is_poison() => {
                Isolated::Broken
            }
            (Place::Change | Place::Entry, _) => Isolated::Change,
            _ => Isolated::Item,
        }
    }

    fn entry(&self, body: &mut String) {
        if self.place == Place::Entry {
            return body.push_str(self.change.get());
        }
        body.push_str("{\"id\":");
        push_string(body, &self.waba_id);
        if let Some(time) = self.time.and_then(Timestamp::to_wire) {
            body.push_str(&format!(",\"time\":{time}"));
        }
        body.push_str(",\"changes\":[");
        match self.place {
            Place::Change => body.push_str(self.change.get()),
            _ => self.change_of_one(body),
        }
        body.push_str("]}");
    }

    fn change_of_one(&self, body: &mut String) {
        let value = self.change.member("value").unwrap_or(Json::NULL);
        body.push_str("{\"field\":");
        push_string(body, &self.field);
        body.push_str(",\"value\":{\"messaging_product\":\"whatsapp\"");
        if let Some(metadata) = value.member("metadata") {
            body.push_str(",\"metadata\":");
            body.push_str(metadata.get());
        }
        if let Some(contact) = self.contact() {
            body.push_str(",\"contacts\":[");
            body.push_str(contact);
            body.push(']');
        }
        match self.place {
            Place::Statuses => push_list(body, "statuses", self.raw()),
            Place::Echoes => push_list(body, "message_echoes", self.raw()),
            Place::Threads => self.thread(body),
            _ => push_list(body, "messages", self.raw()),
        }
        body.push_str("}}");
    }

    fn thread(&self, body: &mut String) {
        body.push_str(",\"history\":[{");
        if let UpdateBody::History(HistoryMessage {
            thread: Some(thread),
            ..
        }) = &self.body
        {
            body.push_str("\"metadata\":");
            body.push_str(thread.metadata.get());
            body.push_str(",\"threads\":[{\"id\":");
            push_string(body, thread.id.as_deref().unwrap_or_default());
            body.push_str(",\"context\":");
            body.push_str(thread.context.get());
        } else {
            body.push_str("\"threads\":[{\"id\":null");
        }
        push_list(body, "messages", self.raw());
        body.push_str("}]}]");
    }

    fn contact(&self) -> Option<&str> {
        let contact = match &self.body {
            UpdateBody::Message(Message { contact, .. })
            | UpdateBody::Echo(Message { contact, .. }) => contact,
            UpdateBody::Status(Status { contact, .. }) => contact,
            UpdateBody::History(history) => &history.message.contact,
            UpdateBody::Account(_) | UpdateBody::Malformed { .. } => return None,
        };
        contact.as_ref().map(|contact| contact.raw)
    }
}

fn push_list(body: &mut String, name: &str, item: &str) {
    body.push_str(",\"");
    body.push_str(name);
    body.push_str("\":[");
    body.push_str(item);
    body.push(']');
}

fn push_string(body: &mut String, text: &str) {
    body.push_str(&serde_json::Value::from(text).to_string());
}
