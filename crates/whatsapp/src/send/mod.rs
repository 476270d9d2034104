//! Checks an outgoing message before it is taken: what is known to be wrong is refused, with the place of each fault.
//!
//! A message that Meta would refuse anyway holds up its conversation and costs attempts, so it is better refused at
//! once. What cannot be known to be wrong passes: types, members and words that Meta may add tomorrow. Limits are
//! those of Meta's pages for `POST /{phone_number_id}/messages`; lengths count Unicode characters.

mod faults;
mod interactive;
mod place;
mod plain;
mod recipient;
mod template;

use std::fmt;

use serde_json::{Map, Value};

use faults::{Faults, Path};
use place::Place;

/// One thing that is wrong with a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where: an RFC 6901 JSON pointer into the body.
    pub pointer: String,
    /// What is wrong and what is allowed. Never quotes the value.
    pub message: String,
}

/// Who a message goes to.
#[derive(Clone, PartialEq, Eq)]
pub enum To {
    /// A phone number's digits, country code first, without `+`.
    Phone(String),
    /// A business-scoped user id, or the parent's.
    User(String),
    /// A group's id.
    Group(String),
    /// A mark as read or a typing indicator: it names a message, and nobody.
    Nobody,
}

/// What the rest of the way needs to know of a body that passed.
#[derive(Clone, PartialEq, Eq)]
pub struct Checked {
    /// Who it goes to.
    pub to: To,
    /// Meta's type; `read` for a mark as read, with typing indicator or without.
    pub kind: String,
    /// The sender's own `biz_opaque_callback_data`.
    pub callback_data: Option<String>,
    /// The message that this one answers.
    pub context_wamid: Option<String>,
    /// The message to be marked as read.
    pub read_wamid: Option<String>,
}

/// Checks the Cloud API's own body. All faults are told, up to a hundred.
pub fn check(body: &Map<String, Value>) -> Result<Checked, Vec<Fault>> {
    let faults = &mut Faults::default();
    let body = Place {
        path: &Path::Root,
        members: body,
    };
    common(faults, body);
    let (to, kind, read_wamid) = match kind(faults, body) {
        Kind::Read => {
            plain::read(faults, body);
            (Some(To::Nobody), "read", body.word("message_id"))
        }
        Kind::Message(name) => {
            content(faults, body, name);
            (recipient::check(faults, body), name, None)
        }
    };
    let owned = |text: &str| text.to_owned();
    let checked = Checked {
        // Without a recipient there is a fault, and this is not handed out.
        to: to.unwrap_or(To::Nobody),
        kind: kind.to_owned(),
        callback_data: body.word("biz_opaque_callback_data").map(owned),
        context_wamid: context_wamid(body).map(owned),
        read_wamid: read_wamid.map(owned),
    };
    std::mem::take(faults).into_result(checked)
}

/// What a body is about.
enum Kind<'a> {
    Read,
    Message(&'a str),
}

type Check = fn(&mut Faults, Place<'_>);

/// The types whose member is an object of the same name. `contacts` is a list and stands apart.
static TYPES: [(&str, Check); 10] = [
    ("text", plain::text),
    ("image", plain::captioned),
    ("video", plain::captioned),
    ("audio", plain::audio),
    ("document", plain::captioned),
    ("sticker", plain::media),
    ("location", plain::location),
    ("reaction", plain::reaction),
    ("interactive", interactive::check),
    ("template", template::check),
];
const CONTACTS: &str = "contacts";

/// The type, or the one type member there is: Meta's own examples leave `type` out.
fn kind<'a>(faults: &mut Faults, body: Place<'a>) -> Kind<'a> {
    if body.get("type").is_some() {
        body.text(faults, "type", usize::MAX);
        return Kind::Message(body.word("type").unwrap_or_default());
    }
    let names = TYPES.iter().map(|(name, _)| *name).chain([CONTACTS]);
    let mut given = names.filter(|name| body.get(name).is_some());
    match (given.next(), given.next()) {
        (Some(name), None) => return Kind::Message(name),
        (None, _) if is_about_reading(body) => return Kind::Read,
        (None, _) => body.fault(faults, "type", "is required: the type of the message"),
        (Some(_), Some(_)) => {
            let message = "is required where members of several types are given";
            body.fault(faults, "type", message);
        }
    }
    Kind::Message("")
}

/// No message has any of these at its top.
fn is_about_reading(body: Place<'_>) -> bool {
    let mut names = ["status", "message_id", "typing_indicator"].iter();
    names.any(|name| body.get(name).is_some())
}

/// The part that is the type's own.
fn content(faults: &mut Faults, body: Place<'_>, kind: &str) {
    match TYPES.iter().find(|(name, _)| *name == kind) {
        Some((name, check)) => body.object(faults, name, check),
        None if kind == CONTACTS => plain::contacts(faults, body),
        // A type of tomorrow, or a fault that has been told.
        None => {}
    }
    if kind == "reaction" && body.get("context").is_some() {
        body.fault(
            faults,
            "context",
            "must be absent: a reaction cannot be an answer",
        );
    }
}

/// What every body may have.
fn common(faults: &mut Faults, body: Place<'_>) {
    // The caller adds it where it is absent.
    if body.get("messaging_product").is_some() {
        body.fixed(faults, "messaging_product", "whatsapp");
    }
    body.text_if_any(faults, "biz_opaque_callback_data", 512);
    body.text_if_any(faults, "recipient_identity_key_hash", usize::MAX);
    body.object_if_any(faults, "context", |faults, context| {
        context.text(faults, "message_id", usize::MAX);
    });
}

fn context_wamid(body: Place<'_>) -> Option<&str> {
    body.get("context")?.get("message_id")?.as_str()
}

/// Shows no number.
impl fmt::Debug for To {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Phone(_) => "Phone",
            Self::User(_) => "User",
            Self::Group(_) => "Group",
            Self::Nobody => "Nobody",
        })
    }
}

/// Shows neither numbers nor wamids, which hold numbers, nor what the sender wrote.
impl fmt::Debug for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checked")
            .field("to", &self.to)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}
