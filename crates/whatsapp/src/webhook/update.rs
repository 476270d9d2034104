//! One update: a message, a status, an event of the account.

use std::time::SystemTime;

use sha2::{Digest, Sha256};

use super::Metadata;
use crate::account::Account;
use crate::json::Json;
use crate::message::{HistoryMessage, Message};
use crate::problem::ParseError;
use crate::status::Status;
use crate::text::Text;
use crate::timestamp::Timestamp;

/// One update with all that is needed to handle it alone.
#[derive(Clone, Debug)]
pub struct Update<'a> {
    /// `entry.id`: the WhatsApp Business Account; `""` when absent.
    pub waba_id: Text<'a>,
    /// `entry.time`.
    pub time: Option<SystemTime>,
    /// `change.field`; `""` when absent.
    pub field: Text<'a>,
    /// The change that this update came in, with its siblings; the entry, when that was no entry.
    pub change: Json<'a>,
    /// The business number.
    pub metadata: Metadata<'a>,
    /// What happened.
    pub body: UpdateBody<'a>,
    /// Where in the change it stood, so that it can be put there again.
    pub(crate) place: Place,
}

/// What an update says. The field decides which it is, never the names of the arrays inside.
#[derive(Clone, Debug, PartialEq)]
pub enum UpdateBody<'a> {
    /// A message that a customer sent just now (field `messages`).
    Message(Message<'a>),
    /// A status of a message the business sent (field `messages`).
    Status(Status<'a>),
    /// A message the business sent with the phone app (field `smb_message_echoes`).
    Echo(Message<'a>),
    /// A message of the past, either way (field `history`).
    History(HistoryMessage<'a>),
    /// Any other field, one per change. Also a `messages` change with `value.errors` or with nothing we know.
    Account(Account<'a>),
    /// An item that cannot be handled. Its siblings are untouched.
    Malformed {
        /// The item as received: valid JSON, though perhaps not for Postgres.
        raw: &'a str,
        /// The item's `id`, where it has a readable one.
        message_id: Option<Text<'a>>,
        /// What is wrong with it.
        why: ParseError,
    },
}

/// Which part of a change an update is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Entry,
    Change,
    Messages,
    Statuses,
    Echoes,
    Threads,
}

impl<'a> Update<'a> {
    /// The text that this update alone is about: the message, the status, the change.
    pub fn raw(&self) -> &'a str {
        match &self.body {
            UpdateBody::Message(message) | UpdateBody::Echo(message) => message.raw,
            UpdateBody::History(history) => history.message.raw,
            UpdateBody::Status(status) => status.raw,
            UpdateBody::Account(account) => account.raw,
            UpdateBody::Malformed { raw, .. } => raw,
        }
    }

    /// SHA-256 of the account's id, the entry's time and [`Update::raw`]: equal for a redelivery of the same change,
    /// different for the same event of another account or hour.
    pub fn fingerprint(&self) -> [u8; 32] {
        let time = self.time.and_then(Timestamp::to_wire).unwrap_or_default();
        Sha256::new()
            .chain_update((self.waba_id.len() as u64).to_be_bytes())
            .chain_update(self.waba_id.as_bytes())
            .chain_update(time.to_be_bytes())
            .chain_update(self.raw())
            .finalize()
            .into()
    }
}
