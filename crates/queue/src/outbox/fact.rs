//! What happened to a message: told to the worker, who writes the history.

use std::time::SystemTime;

use bytes::Bytes;
use prost::Message;
use uuid::Uuid;
use waypost_model::{DeadClass, SendState};

use crate::envelope::{Envelope, EnvelopeError, Kind, millis};
use crate::outbox::outgoing::time;
use crate::wire;

/// One thing that happened to a message. Facts may arrive in any order: the one with the highest
/// ([`Fact::life`], [`Fact::attempt`], [`SendState::rank`]) tells the state, and `sent` outranks everything.
#[derive(Clone, PartialEq, Eq)]
pub struct Fact {
    /// The message.
    pub message_id: Uuid,
    /// The business number.
    pub phone_number_id: String,
    /// How often it was replayed from the dead before.
    pub life: u32,
    /// Number of the latest attempt over all lives; 0 before the first.
    pub attempt: u32,
    /// Whether this tells of an attempt, which gets a row of `message_attempts`.
    pub attempted: bool,
    /// The state from now on.
    pub state: SendState,
    /// The verdict on the attempt in a word: `done`, `retry`, `slow_down`, `never`, `stop_number`, `unknown`.
    pub verdict: String,
    /// Why it was given up, if it was.
    pub class: Option<DeadClass>,
    /// Meta's code.
    pub error_code: Option<i64>,
    /// Meta's subcode.
    pub error_subcode: Option<i64>,
    /// Status of the answer, if there was one.
    pub http_status: Option<u16>,
    /// What Meta or the network said. May hold a phone number: for the history, not for a log.
    pub error_message: Option<String>,
    /// Meta's own id of the request.
    pub fbtrace_id: Option<String>,
    /// Meta's id of the message.
    pub wamid: Option<String>,
    /// Start of the attempt, or the time of the change.
    pub started_at: SystemTime,
    /// End of the attempt.
    pub finished_at: Option<SystemTime>,
    /// When the next attempt is due.
    pub next_at: Option<SystemTime>,
    /// W3C trace context of whoever tells it, empty when there is none.
    pub traceparent: String,
}

/// What Meta says may quote what people wrote, so it is left out.
impl std::fmt::Debug for Fact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fact")
            .field("message_id", &self.message_id)
            .field("attempt", &self.attempt)
            .field("state", &self.state)
            .field("verdict", &self.verdict)
            .field("error_code", &self.error_code)
            .finish_non_exhaustive()
    }
}

impl Fact {
    /// A change of state that no attempt brought about.
    pub fn change(message_id: Uuid, phone_number_id: &str, state: SendState) -> Self {
        Self {
            message_id,
            phone_number_id: phone_number_id.to_owned(),
            life: 0,
            attempt: 0,
            attempted: false,
            state,
            verdict: String::new(),
            class: None,
            error_code: None,
            error_subcode: None,
            http_status: None,
            error_message: None,
            fbtrace_id: None,
            wamid: None,
            started_at: SystemTime::now(),
            finished_at: None,
            next_at: None,
            traceparent: String::new(),
        }
    }

    /// The entry of the inbox that carries it.
    pub fn into_envelope(self) -> Envelope {
        let at = self.finished_at.unwrap_or(self.started_at);
        let wire = wire::Fact {
            message_id: self.message_id.as_bytes().to_vec(),
            phone_number_id: self.phone_number_id,
            life: self.life,
            attempt: self.attempt,
            attempted: self.attempted,
            state: self.state.as_str().to_owned(),
            verdict: self.verdict,
            class: self.class.map_or("", DeadClass::as_str).to_owned(),
            error_code: self.error_code.unwrap_or(0),
            error_subcode: self.error_subcode.unwrap_or(0),
            http_status: self.http_status.map_or(0, u32::from),
            error_message: self.error_message.unwrap_or_default(),
            fbtrace_id: self.fbtrace_id.unwrap_or_default(),
            wamid: self.wamid.unwrap_or_default(),
            started_at_ms: millis(self.started_at),
            finished_at_ms: self.finished_at.map_or(0, millis),
            next_at_ms: self.next_at.map_or(0, millis),
        };
        let body = Bytes::from(wire.encode_to_vec());
        let mut envelope = Envelope::of(Kind::Fact, Uuid::now_v7(), at, body);
        envelope.traceparent = self.traceparent;
        envelope
    }

    /// Reads it back out of an entry of kind [`Kind::Fact`].
    ///
    /// # Errors
    /// When the entry's body is no such fact.
    pub fn from_envelope(envelope: &Envelope) -> Result<Self, EnvelopeError> {
        let wire = wire::Fact::decode(envelope.body.clone())?;
        let state = SendState::parse(&wire.state);
        let text = |text: String| Some(text).filter(|text| !text.is_empty());
        let number = |number: i64| Some(number).filter(|number| *number != 0);
        Ok(Self {
            message_id: Uuid::from_slice(&wire.message_id)
                .map_err(|_| EnvelopeError::Id("message_id"))?,
            phone_number_id: wire.phone_number_id,
            life: wire.life,
            attempt: wire.attempt,
            attempted: wire.attempted,
            state: state.ok_or(EnvelopeError::Body("its state is unknown"))?,
            verdict: wire.verdict,
            class: DeadClass::parse(&wire.class),
            error_code: number(wire.error_code),
            error_subcode: number(wire.error_subcode),
            http_status: u16::try_from(wire.http_status)
                .ok()
                .filter(|status| *status != 0),
            error_message: text(wire.error_message),
            fbtrace_id: text(wire.fbtrace_id),
            wamid: text(wire.wamid),
            started_at: time(wire.started_at_ms).unwrap_or(envelope.received_at),
            finished_at: time(wire.finished_at_ms),
            next_at: time(wire.next_at_ms),
            traceparent: envelope.traceparent.clone(),
        })
    }
}
