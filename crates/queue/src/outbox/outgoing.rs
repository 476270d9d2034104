//! A message on its way out: what the lanes hold.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use prost::Message;
use uuid::Uuid;
use waypost_model::{OnUnknown, Priority, Recipient};

use crate::envelope::{Envelope, EnvelopeError, Kind, millis};
use crate::wire;

/// A message accepted from a sender.
#[derive(Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Ours, a UUIDv7; Meta echoes it with every status.
    pub id: Uuid,
    /// When it was accepted.
    pub accepted_at: SystemTime,
    /// The request that brought it.
    pub request_id: Uuid,
    /// W3C trace context, empty when there is none.
    pub traceparent: String,
    /// The business number that sends, by Meta's id.
    pub phone_number_id: String,
    /// WhatsApp Business Account of that number, empty when not known.
    pub account: String,
    /// Who gets it.
    pub recipient: Recipient,
    /// Meta's type; `read` for a mark as read.
    pub kind: String,
    /// How urgent.
    pub priority: Priority,
    /// What to do when nobody knows whether Meta took it.
    pub on_unknown: OnUnknown,
    /// Not before.
    pub send_at: Option<SystemTime>,
    /// Not after.
    pub expires_at: Option<SystemTime>,
    /// The sender's own `biz_opaque_callback_data`.
    pub callback_data: Option<String>,
    /// Name of the key it was accepted with.
    pub key_name: String,
    /// Whether it refers to media by a link.
    pub by_link: bool,
    /// The JSON object for Meta, without `biz_opaque_callback_data`.
    pub body: Bytes,
}

/// Bodies hold what people wrote, so they are left out.
impl std::fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outgoing")
            .field("id", &self.id)
            .field("phone_number_id", &self.phone_number_id)
            .field("recipient", &self.recipient)
            .field("kind", &self.kind)
            .field("priority", &self.priority)
            .finish_non_exhaustive()
    }
}

impl Outgoing {
    /// The entry of a queue that carries it.
    pub fn into_envelope(self) -> Envelope {
        let wire = wire::Outgoing {
            phone_number_id: self.phone_number_id,
            account: self.account,
            recipient: self.recipient.lane(),
            r#type: self.kind,
            priority: self.priority.as_str().to_owned(),
            on_unknown: self.on_unknown.as_str().to_owned(),
            send_at_ms: self.send_at.map_or(0, millis),
            expires_at_ms: self.expires_at.map_or(0, millis),
            callback_data: self.callback_data.unwrap_or_default(),
            key_name: self.key_name,
            by_link: self.by_link,
            body: self.body,
        };
        let body = Bytes::from(wire.encode_to_vec());
        let mut envelope = Envelope::of(Kind::Outgoing, self.id, self.accepted_at, body);
        envelope.request_id = self.request_id;
        envelope.traceparent = self.traceparent;
        envelope
    }

    /// Reads it back out of an entry of kind [`Kind::Outgoing`]; the body is shared, not copied.
    ///
    /// # Errors
    /// When the entry's body is no such message.
    pub fn from_envelope(envelope: &Envelope) -> Result<Self, EnvelopeError> {
        let wire = wire::Outgoing::decode(envelope.body.clone())?;
        let priority = Priority::parse(&wire.priority);
        let on_unknown = OnUnknown::parse(&wire.on_unknown);
        Ok(Self {
            id: envelope.id,
            accepted_at: envelope.received_at,
            request_id: envelope.request_id,
            traceparent: envelope.traceparent.clone(),
            phone_number_id: wire.phone_number_id,
            account: wire.account,
            recipient: Recipient::from_lane(&wire.recipient),
            kind: wire.r#type,
            priority: priority.ok_or(EnvelopeError::Body("its priority is unknown"))?,
            on_unknown: on_unknown.ok_or(EnvelopeError::Body("its policy is unknown"))?,
            send_at: time(wire.send_at_ms),
            expires_at: time(wire.expires_at_ms),
            callback_data: Some(wire.callback_data).filter(|data| !data.is_empty()),
            key_name: wire.key_name,
            by_link: wire.by_link,
            body: wire.body,
        })
    }

    /// The lane it belongs to.
    pub(crate) fn lane(&self) -> String {
        format!(
            "{}|{}|{}",
            self.phone_number_id,
            letter(self.priority),
            self.recipient.lane()
        )
    }
}

/// The letter of a priority in the names of lanes and ready lists.
pub(crate) const fn letter(priority: Priority) -> char {
    match priority {
        Priority::High => 'h',
        Priority::Normal => 'n',
        Priority::Low => 'l',
    }
}

pub(crate) fn time(ms: u64) -> Option<SystemTime> {
    (ms > 0).then(|| UNIX_EPOCH + Duration::from_millis(ms))
}
