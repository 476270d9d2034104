//! What goes in about messages that are sent through us. None of it is `Debug`, because it holds what people wrote.

use std::time::SystemTime;

use uuid::Uuid;
use waypost_model::{DeadClass, OnUnknown, Priority, SendState};

use crate::Person;

/// A message accepted from a sender. Unique by our id.
#[derive(Clone)]
pub struct SendRow<'a> {
    /// Ours, a UUIDv7.
    pub id: Uuid,
    /// The request that brought it.
    pub request_id: Uuid,
    /// Its trace, 32 hex digits.
    pub trace_id: Option<&'a str>,
    /// The business number that sends.
    pub phone_number_id: &'a str,
    /// Its WhatsApp Business Account. Where the sender did not know it, `numbers` may.
    pub account: Option<&'a str>,
    /// Meta's word for the type; `read` for a mark as read.
    pub kind: &'a str,
    /// Who gets it; nobody for a group or a mark as read.
    pub person: Person<'a>,
    /// The group that gets it.
    pub group_id: Option<&'a str>,
    /// The message it answers or marks.
    pub context_wamid: Option<&'a str>,
    /// When it was accepted.
    pub accepted_at: SystemTime,
    /// The sender's own `biz_opaque_callback_data`.
    pub callback_data: Option<&'a str>,
    /// How urgent.
    pub priority: Priority,
    /// Not before.
    pub send_at: Option<SystemTime>,
    /// Not after.
    pub expires_at: Option<SystemTime>,
    /// What to do when nobody knows whether Meta took it.
    pub on_unknown: OnUnknown,
    /// Name of the key it was accepted with.
    pub key_name: &'a str,
    /// The body for Meta, JSON text.
    pub payload: &'a str,
}

/// Something that happened to a message sent through us. Unique by message, life, attempt and state; its attempt by
/// message and attempt.
#[derive(Clone)]
pub struct FactRow<'a> {
    /// The message.
    pub message_id: Uuid,
    /// How often it was replayed from the dead before.
    pub life: u32,
    /// Number of the latest attempt over all lives; 0 before the first.
    pub attempt: u32,
    /// Whether this tells of an attempt, which gets a row of `message_attempts`.
    pub attempted: bool,
    /// The state from now on.
    pub state: SendState,
    /// The verdict on the attempt in a word.
    pub verdict: &'a str,
    /// Why it was given up, if it was.
    pub class: Option<DeadClass>,
    /// Meta's code.
    pub error_code: Option<i64>,
    /// Meta's subcode.
    pub error_subcode: Option<i64>,
    /// Status of the answer, if there was one.
    pub http_status: Option<u16>,
    /// What Meta or the network said.
    pub error_message: Option<&'a str>,
    /// Meta's own id of the request.
    pub fbtrace_id: Option<&'a str>,
    /// Meta's id of the message.
    pub wamid: Option<&'a str>,
    /// Start of the attempt, or the time of the change.
    pub started_at: SystemTime,
    /// End of the attempt.
    pub finished_at: Option<SystemTime>,
    /// When the next attempt is due.
    pub next_at: Option<SystemTime>,
}

/// A business number, as a webhook names it.
#[derive(Clone, Copy)]
pub struct NumberRow<'a> {
    /// Meta's id of the number.
    pub phone_number_id: &'a str,
    /// Its WhatsApp Business Account.
    pub waba_id: &'a str,
    /// As people see it, with or without punctuation.
    pub display_phone_number: &'a str,
}
