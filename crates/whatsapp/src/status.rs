//! `value.statuses[]`: what became of a message the business sent. (Meta: webhooks, messages, status.)

use std::time::SystemTime;

use uuid::Uuid;

use crate::contact::{Contact, ContactBook, Customer};
use crate::echo;
use crate::error::MetaError;
use crate::json::{Field, Json, Wire, object};
use crate::problem::ParseError;
use crate::text::Text;
use crate::timestamp::{Timestamp, read_time};

/// A status. It may be early, late, double, or about a message nobody here has sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Status<'a> {
    /// The message's wamid.
    pub id: Text<'a>,
    /// Meta's word: `sent`, `delivered`, `read`, `played`, `failed`, or one we do not know yet.
    pub status: Text<'a>,
    /// When it happened.
    pub timestamp: Option<SystemTime>,
    /// Absent for messages; `payment` for payments in India, `call` for calls.
    pub kind: Option<Text<'a>>,
    /// Phone or group id; absent for messages to a user id whose phone is unknown.
    pub recipient_id: Option<Text<'a>>,
    /// `individual` or `group`.
    pub recipient_type: Option<Text<'a>>,
    /// Business-scoped user id; absent on `failed` for messages sent to a phone.
    pub recipient_user_id: Option<Text<'a>>,
    /// Also read under its earlier name, `parent_recipient_user_id`.
    pub recipient_parent_user_id: Option<Text<'a>>,
    /// Group sends only.
    pub participant_id: Option<Text<'a>>,
    /// Group sends only.
    pub participant_user_id: Option<Text<'a>>,
    /// Group sends only.
    pub participant_parent_user_id: Option<Text<'a>>,
    /// The echo of what the sender put into the message.
    pub biz_opaque_callback_data: Option<Text<'a>>,
    /// The matching entry of `contacts[]`; absent on `failed`.
    pub contact: Option<Contact<'a>>,
    errors: Option<Json<'a>>,
    /// The status as received.
    pub raw: &'a str,
}

impl<'a> Status<'a> {
    pub(crate) fn parse(item: Json<'a>, book: &mut ContactBook<'a>) -> Result<Self, ParseError> {
        let shape = |why| ParseError::Shape {
            what: "status",
            why,
        };
        if !item.is_object() {
            return Err(shape("it is not an object"));
        }
        let mut status = Self::empty(item);
        for (key, value) in item.members() {
            match &*key {
                "id" => status.id = Text::read(value).unwrap_or_default(),
                "status" => status.status = Text::read(value).unwrap_or_default(),
                "timestamp" => status.timestamp = read_time(value),
                "type" => status.kind = Text::read_id(value),
                "recipient_id" => status.recipient_id = Text::read_id(value),
                "recipient_type" => status.recipient_type = Text::read_id(value),
                "recipient_user_id" => status.recipient_user_id = Text::read_id(value),
                "recipient_parent_user_id" | "parent_recipient_user_id" => {
                    status.recipient_parent_user_id = Text::read_id(value);
                }
                "recipient_participant_id" => status.participant_id = Text::read_id(value),
                "recipient_participant_user_id" => {
                    status.participant_user_id = Text::read_id(value);
                }
                "recipient_participant_parent_user_id" => {
                    status.participant_parent_user_id = Text::read_id(value);
                }
                "biz_opaque_callback_data" => status.biz_opaque_callback_data = Text::read(value),
                "errors" => status.errors = Some(value),
                _ => {}
            }
        }
        if status.id.is_empty() {
            return Err(shape("it has no string `id`"));
        }
        if status.status.is_empty() {
            return Err(shape("it has no string `status`"));
        }
        let (user_id, id) = match status.is_to_group() {
            true => (&status.participant_user_id, &status.participant_id),
            false => (&status.recipient_user_id, &status.recipient_id),
        };
        status.contact = book.find(&[user_id.as_ref(), id.as_ref()]);
        Ok(status)
    }

    fn empty(item: Json<'a>) -> Self {
        Self {
            id: Text::default(),
            status: Text::default(),
            timestamp: None,
            kind: None,
            recipient_id: None,
            recipient_type: None,
            recipient_user_id: None,
            recipient_parent_user_id: None,
            participant_id: None,
            participant_user_id: None,
            participant_parent_user_id: None,
            biz_opaque_callback_data: None,
            contact: None,
            errors: None,
            raw: item.get(),
        }
    }

    /// True when the message went to a group, so that `recipient_id` is the group's.
    pub fn is_to_group(&self) -> bool {
        self.recipient_type
            .as_ref()
            .is_some_and(|kind| *kind == "group")
            || self.participant_id.is_some()
            || self.participant_user_id.is_some()
    }

    /// Which member of the group this is about: one webhook holds several statuses with the same id. The phone
    /// where there is one, else the user id.
    pub fn participant(&self) -> Option<&Text<'a>> {
        self.participant_id
            .as_ref()
            .or(self.participant_user_id.as_ref())
    }

    /// Who received it: the participant in a group, else the recipient.
    pub fn customer(&self) -> Customer<'_, 'a> {
        let (phone, user_id, parent) = match self.is_to_group() {
            true => (
                &self.participant_id,
                &self.participant_user_id,
                &self.participant_parent_user_id,
            ),
            false => (
                &self.recipient_id,
                &self.recipient_user_id,
                &self.recipient_parent_user_id,
            ),
        };
        Customer::of(
            phone.as_ref(),
            user_id.as_ref(),
            parent.as_ref(),
            self.contact.as_ref(),
        )
    }

    /// Our id of the message, when the callback data is one of ours. Others of the business write there too.
    pub fn our_id(&self) -> Option<Uuid> {
        echo::parse_callback(self.biz_opaque_callback_data.as_ref()?)
    }

    /// The code of the first error that has one.
    pub fn error_code(&self) -> Option<i64> {
        let mut items = self.errors?.items()?;
        items.find_map(|error| error.member("code").and_then(i64::read))
    }

    /// All errors; only `failed` has some.
    pub fn errors(&self) -> Vec<MetaError<'a>> {
        self.errors.map(Field::fill).unwrap_or_default()
    }

    /// The members that few need: conversation, pricing, payment, identity key hash.
    pub fn details(&self) -> StatusDetails<'a> {
        StatusDetails::read(Json::trusted(self.raw)).unwrap_or_default()
    }
}

object! {
    /// What a status says beside what happened.
    pub struct StatusDetails<'a> {
        /// v24 and later: only for free entry points. Before: a unique id per message.
        pub conversation: Option<Conversation<'a>>,
        /// Comes with `sent` and one of `delivered` and `read`.
        pub pricing: Option<Pricing<'a>>,
        /// Payments in India.
        pub payment: Option<Payment<'a>>,
        /// Where the identity check is on.
        pub recipient_identity_key_hash: Option<Text<'a>>,
    }

    /// The conversation that a message was billed in.
    pub struct Conversation<'a> {
        /// Meta's id.
        pub id: Option<Text<'a>>,
        /// When it ends; a string or a number.
        pub expiration_timestamp: Option<Timestamp>,
        /// How it began.
        pub origin: Option<Origin<'a>>,
    }

    /// How a conversation began.
    pub struct Origin<'a> {
        /// A billing category, or `referral_conversion`.
        pub kind: Option<Text<'a>> = "type",
    }

    /// What a message costs.
    pub struct Pricing<'a> {
        /// To be removed by Meta in favour of `kind`.
        pub billable: Option<bool>,
        /// `PMP` per message, `CBP` per conversation (before July 2025).
        pub pricing_model: Option<Text<'a>>,
        /// `regular`, `free_customer_service`, `free_entry_point`.
        pub kind: Option<Text<'a>> = "type",
        /// `marketing`, `utility`, `authentication`, `service` and so on.
        pub category: Option<Text<'a>>,
    }

    /// A payment whose status this is.
    pub struct Payment<'a> {
        /// The order's reference.
        pub reference_id: Option<Text<'a>>,
        /// What was paid.
        pub amount: Option<Amount<'a>>,
        /// Currency of the order.
        pub currency: Option<Text<'a>>,
        /// The bank's part, as received.
        pub transaction: Option<Json<'a>>,
    }

    /// Money as Meta writes it: `value / offset`.
    pub struct Amount<'a> {
        /// In the smallest part.
        pub value: Option<i64>,
        /// How many parts a whole has.
        pub offset: Option<i64>,
        /// ISO code.
        pub currency: Option<Text<'a>>,
    }
}
