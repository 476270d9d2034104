//! What every message has, whatever its type. This is the hot path: one walk over the message, everything borrowed.

use std::time::SystemTime;

use super::Context;
use crate::contact::{Contact, ContactBook, Customer};
use crate::error::MetaError;
use crate::json::{Field, Json, Wire};
use crate::problem::ParseError;
use crate::text::Text;
use crate::timestamp::read_time;

/// A message: received, echoed or of the past.
#[derive(Clone, Debug, PartialEq)]
pub struct Message<'a> {
    /// The wamid. Base64 that contains the phone number: never log it whole.
    pub id: Text<'a>,
    /// WhatsApp's own time.
    pub timestamp: Option<SystemTime>,
    /// Meta's type word, unknown ones included; `unknown` when absent.
    pub kind: Text<'a>,
    /// The sender's phone; absent for people who use a username.
    pub from: Option<Text<'a>>,
    /// The sender's business-scoped user id.
    pub from_user_id: Option<Text<'a>>,
    /// The sender's parent business-scoped user id.
    pub from_parent_user_id: Option<Text<'a>>,
    /// Echoes and history: the recipient's phone, sometimes with a leading `+`.
    pub to: Option<Text<'a>>,
    /// Echoes: the recipient's business-scoped user id.
    pub to_user_id: Option<Text<'a>>,
    /// Echoes: the recipient's parent business-scoped user id.
    pub to_parent_user_id: Option<Text<'a>>,
    /// The group it was written in.
    pub group_id: Option<Text<'a>>,
    /// What it answers, or that it was forwarded.
    pub context: Option<Box<Context<'a>>>,
    /// The matching entry of `contacts[]`, found by id.
    pub contact: Option<Contact<'a>>,
    /// `history_context.status` of history messages.
    pub(super) history_status: Option<Text<'a>>,
    /// The member named like the type.
    pub(super) object: Option<Json<'a>>,
    /// `errors`, unread.
    pub(super) errors: Option<Json<'a>>,
    /// The message as received.
    pub raw: &'a str,
}

/// Members that could be the type's own object: `type` may come after it. Messages have one or two such members.
type Candidates<'a> = [Option<(&'a str, Json<'a>)>; 4];

impl<'a> Message<'a> {
    pub(crate) fn parse(item: Json<'a>, book: &mut ContactBook<'a>) -> Result<Self, ParseError> {
        let shape = |why| ParseError::Shape {
            what: "message",
            why,
        };
        if !item.is_object() {
            return Err(shape("it is not an object"));
        }
        let mut message = Self::empty(item.get());
        let mut candidates = Candidates::default();
        let mut candidates_found = 0;
        for (key, value) in item.members() {
            if message.take(&key, value) {
                continue;
            }
            if let (Some(free), std::borrow::Cow::Borrowed(key)) =
                (candidates.get_mut(candidates_found), key)
            {
                *free = Some((key, value));
            }
            candidates_found += 1;
        }
        if message.id.is_empty() {
            return Err(shape("it has no string `id`"));
        }
        let named = |(key, _): &(&str, Json<'a>)| *key == message.kind.as_str();
        message.object = match candidates_found <= candidates.len() {
            true => candidates
                .into_iter()
                .flatten()
                .rfind(named)
                .map(|(_, value)| value),
            false => item.member(&message.kind),
        };
        if message.kind.is_empty() {
            message.kind = "unknown".into();
        }
        message.contact = book.find(&message.ids());
        Ok(message)
    }

    /// Takes a member of the head; false when it is something else.
    fn take(&mut self, key: &str, value: Json<'a>) -> bool {
        match key {
            "id" => self.id = Text::read(value).unwrap_or_default(),
            "timestamp" => self.timestamp = read_time(value),
            "type" => self.kind = Text::read(value).unwrap_or_default(),
            "from" => self.from = Text::read_id(value),
            "from_user_id" => self.from_user_id = Text::read_id(value),
            "from_parent_user_id" => self.from_parent_user_id = Text::read_id(value),
            "to" => self.to = Text::read_id(value),
            "to_user_id" => self.to_user_id = Text::read_id(value),
            "to_parent_user_id" => self.to_parent_user_id = Text::read_id(value),
            "group_id" => self.group_id = Text::read_id(value),
            "context" => self.context = Field::fill(value),
            "history_context" => {
                self.history_status = value.member("status").and_then(Text::read_id);
            }
            "errors" => self.errors = Some(value),
            _ => return false,
        }
        true
    }

    fn empty(raw: &'a str) -> Self {
        Self {
            id: Text::default(),
            timestamp: None,
            kind: Text::default(),
            from: None,
            from_user_id: None,
            from_parent_user_id: None,
            to: None,
            to_user_id: None,
            to_parent_user_id: None,
            group_id: None,
            context: None,
            contact: None,
            history_status: None,
            object: None,
            errors: None,
            raw,
        }
    }

    /// The ids by which a contact may be found: of echoes and history, the recipient's are the customer's.
    fn ids(&self) -> [Option<&Text<'a>>; 4] {
        [&self.from_user_id, &self.from, &self.to_user_id, &self.to].map(Option::as_ref)
    }

    /// Who wrote it, for a message that a customer sent.
    pub fn sender(&self) -> Customer<'_, 'a> {
        let (phone, user_id, parent) = (&self.from, &self.from_user_id, &self.from_parent_user_id);
        Customer::of(
            phone.as_ref(),
            user_id.as_ref(),
            parent.as_ref(),
            self.contact.as_ref(),
        )
    }

    /// Who got it, for a message that the business sent.
    pub fn recipient(&self) -> Customer<'_, 'a> {
        let (phone, user_id, parent) = (&self.to, &self.to_user_id, &self.to_parent_user_id);
        Customer::of(
            phone.as_ref(),
            user_id.as_ref(),
            parent.as_ref(),
            self.contact.as_ref(),
        )
    }

    /// The object named like the type, as received; for `contacts` an array.
    pub fn object(&self) -> Option<Json<'a>> {
        self.object
    }

    /// `errors` of the message: type `unsupported` has them, and messages whose content Meta could not read.
    pub fn errors(&self) -> Vec<MetaError<'a>> {
        self.errors.map(Field::fill).unwrap_or_default()
    }

    /// A member that is not part of the head, `referral` for instance.
    pub(super) fn member<T: Wire<'a>>(&self, name: &str) -> Option<T> {
        Json::trusted(self.raw).member(name).and_then(T::read)
    }
}
