//! What goes in: borrowed rows, in the words of Meta. None of them is `Debug`, because they hold what people wrote.

use std::time::SystemTime;

use uuid::Uuid;
use waypost_model::{DeliveryStatus, Direction, Origin};

use crate::{FactRow, SendRow};

/// Facts to write together. Items are independent: one bad item costs only itself.
#[derive(Clone, Default)]
pub struct Batch<'a> {
    /// Webhooks as received, kept for `webhooks.retention`.
    pub webhooks: Vec<RawWebhook<'a>>,
    /// What was found in them.
    pub items: Vec<Item<'a>>,
}

/// A webhook as it came over the wire.
#[derive(Clone, Copy)]
pub struct RawWebhook<'a> {
    /// Our id of it, a UUIDv7; written once however often it is given.
    pub id: Uuid,
    /// When the ingress had it whole.
    pub received_at: SystemTime,
    /// The bytes that were signed.
    pub body: &'a [u8],
}

/// One fact.
#[derive(Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "items live in one Vec for one batch; a box for each would cost the hot path more"
)]
pub enum Item<'a> {
    /// A message, either way.
    Message(MessageRow<'a>),
    /// What became of a message sent.
    Status(StatusRow<'a>),
    /// Any other webhook field.
    Account(AccountRow<'a>),
    /// A message accepted from a sender.
    Send(SendRow<'a>),
    /// What happened to such a message on its way to Meta.
    Fact(FactRow<'a>),
}

/// All that a webhook tells about who a person is. A part that is absent says nothing.
#[derive(Clone, Copy, Default)]
pub struct Person<'a> {
    /// Phone number in WhatsApp's form (`wa_id`).
    pub phone: Option<&'a str>,
    /// Business-scoped user id.
    pub bsuid: Option<&'a str>,
    /// The id that replaces it across the portfolios of one enterprise.
    pub parent_bsuid: Option<&'a str>,
    /// Username; may change hands at any time, so it identifies nobody.
    pub username: Option<&'a str>,
    /// Profile name; in [`AccountRow::contacts`] the name in the business's own address book.
    pub name: Option<&'a str>,
}

/// A message, received or sent.
#[derive(Clone)]
pub struct MessageRow<'a> {
    /// Which way it went.
    pub direction: Direction,
    /// How we came to know of it. Only live inbound messages are compared in the five-second window.
    pub origin: Origin,
    /// WhatsApp Business Account; the scope in which a contact's identifiers are unique.
    pub waba_id: &'a str,
    /// The business number.
    pub phone_number_id: &'a str,
    /// Meta's message id; unique together with the business number.
    pub wamid: &'a str,
    /// Meta's own word for the type, unknown ones included.
    pub kind: &'a str,
    /// WhatsApp's own timestamp.
    pub sent_at: Option<SystemTime>,
    /// When the webhook reached us.
    pub received_at: SystemTime,
    /// The request that brought it.
    pub request_id: Uuid,
    /// Its trace, 32 hex digits.
    pub trace_id: Option<&'a str>,
    /// The person at the other end.
    pub person: Person<'a>,
    /// Group, if it was said in one.
    pub group_id: Option<&'a str>,
    /// The message it answers.
    pub context_wamid: Option<&'a str>,
    /// Where it stood already, which only history tells.
    pub status: Option<DeliveryStatus>,
    /// Hash over number, sender and content for the five-second window; `None` is never compared.
    pub content: Option<[u8; 16]>,
    /// The file it carries.
    pub media: Option<MediaRow<'a>>,
    /// The identity it announces as changed.
    pub change: Option<IdentityChange<'a>>,
    /// The message as received, JSON text.
    pub payload: &'a str,
}

/// A file that a message refers to.
#[derive(Clone, Copy)]
pub struct MediaRow<'a> {
    /// Meta's id, good for seven days when it came with a webhook.
    pub media_id: &'a str,
    /// MIME type as told.
    pub mime_type: Option<&'a str>,
    /// Hash as told, base64 or hex.
    pub sha256: Option<&'a str>,
    /// Where to get it, good for minutes.
    pub url: Option<&'a str>,
    /// Name of a document.
    pub filename: Option<&'a str>,
    /// Meta's word: image, audio and so on.
    pub kind: &'a str,
}

/// Somebody is the same person under another name.
#[derive(Clone, Copy)]
pub enum IdentityChange<'a> {
    /// A new phone number.
    Number {
        /// Who it was.
        old: Person<'a>,
        /// The number from now on.
        new_phone: &'a str,
    },
    /// A new business-scoped user id.
    UserId {
        /// Who it was.
        old: Person<'a>,
        /// The id from now on.
        new_bsuid: &'a str,
        /// The parent id from now on, if there is one.
        new_parent: Option<&'a str>,
    },
}

/// What became of a message sent. Unique by message, status and participant.
#[derive(Clone)]
pub struct StatusRow<'a> {
    /// WhatsApp Business Account.
    pub waba_id: &'a str,
    /// The business number.
    pub phone_number_id: &'a str,
    /// Meta's id of the message; it need not be one of ours.
    pub wamid: &'a str,
    /// Meta's word, unknown ones included.
    pub status: &'a str,
    /// When it happened.
    pub at: Option<SystemTime>,
    /// When the webhook reached us.
    pub received_at: SystemTime,
    /// The request that brought it.
    pub request_id: Uuid,
    /// Phone number or group it was sent to.
    pub recipient_id: Option<&'a str>,
    /// The member of a group it speaks of.
    pub participant: Option<&'a str>,
    /// The person it was sent to. Known by both phone and user id, the two are learnt as one.
    pub person: Person<'a>,
    /// Meta's code when it failed.
    pub error_code: Option<i64>,
    /// Our id of the message, where Meta has echoed it.
    pub message_id: Option<Uuid>,
    /// The word given when sending (`biz_opaque_callback_data`), where it is not our id.
    pub callback: Option<&'a str>,
    /// The status as received, JSON text.
    pub payload: &'a str,
}

/// Any webhook field that is neither message nor status. Unique by content.
#[derive(Clone)]
pub struct AccountRow<'a> {
    /// WhatsApp Business Account, or whatever `entry.id` holds for this field.
    pub waba_id: &'a str,
    /// Meta's word for the field.
    pub field: &'a str,
    /// The business number, if it concerns one.
    pub phone_number_id: Option<&'a str>,
    /// When it happened.
    pub at: Option<SystemTime>,
    /// When the webhook reached us.
    pub received_at: SystemTime,
    /// The request that brought it.
    pub request_id: Uuid,
    /// SHA-256 of the change as received.
    pub content: [u8; 32],
    /// The change as received, JSON text.
    pub payload: &'a str,
    /// Identities it announces as changed.
    pub changes: Vec<IdentityChange<'a>>,
    /// Entries of the business's address book.
    pub contacts: Vec<Person<'a>>,
}

/// Something that could not be understood, kept so that a person may look.
#[derive(Clone, Copy)]
pub struct FailedWebhook<'a> {
    /// The same for the same failure, so that writing it twice leaves one row.
    pub id: Uuid,
    /// The request that brought it.
    pub request_id: Uuid,
    /// Meta's message id, if one could be read.
    pub message_id: Option<&'a str>,
    /// The webhook as JSON text where Postgres can take it.
    pub payload: Option<&'a str>,
    /// The bytes.
    pub raw: &'a [u8],
    /// What was wrong.
    pub error_message: &'a str,
    /// The chain of causes.
    pub error_stack: Option<&'a str>,
    /// When it reached us.
    pub received_at: SystemTime,
}
