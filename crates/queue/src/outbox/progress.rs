//! How far the message at a lane's head has come.

use std::time::SystemTime;

use prost::Message;

use crate::envelope::millis;
use crate::outbox::outgoing::time;
use crate::wire;

/// Kept beside the lane while its head has been tried and is not done with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// How often it was replayed from the dead.
    pub life: u32,
    /// Attempts spent in this life.
    pub attempts: u32,
    /// Attempts made in all lives, spent or not.
    pub made: u32,
    /// Consecutive answers that the pair was too fast.
    pub slowed: u32,
    /// Whether the latest attempt's outcome is unknown.
    pub unknown: bool,
    /// When the deadline for an echo was over.
    pub overdue_at: Option<SystemTime>,
    /// When no webhook from before that was waiting any more.
    pub inbox_read_at: Option<SystemTime>,
    /// What went wrong, oldest first; at most [`Progress::ERRORS`].
    pub errors: Vec<AttemptError>,
}

/// One attempt that failed.
#[derive(Clone, PartialEq, Eq)]
pub struct AttemptError {
    /// Its number over all lives.
    pub attempt: u32,
    /// When it ended.
    pub at: SystemTime,
    /// The verdict in a word.
    pub verdict: String,
    /// Meta's code.
    pub code: Option<i64>,
    /// Status of the answer, if there was one.
    pub http_status: Option<u16>,
    /// In words. May hold what Meta said: not for a log.
    pub message: String,
}

/// What Meta says may quote what people wrote, so it is left out.
impl std::fmt::Debug for AttemptError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AttemptError")
            .field("attempt", &self.attempt)
            .field("verdict", &self.verdict)
            .field("code", &self.code)
            .field("http_status", &self.http_status)
            .finish_non_exhaustive()
    }
}

impl Progress {
    /// Errors kept; a message that waits out a long limit would otherwise collect them without end.
    pub const ERRORS: usize = 20;

    /// From now on nobody knows what came of the latest attempt.
    pub fn lose_sight(&mut self) {
        self.unknown = true;
        self.overdue_at = None;
        self.inbox_read_at = None;
    }

    /// Adds an error; of too many, the first and the latest are kept.
    pub fn note(&mut self, error: AttemptError) {
        if self.errors.len() >= Self::ERRORS {
            self.errors.remove(1);
        }
        self.errors.push(error);
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        if *self == Self::default() {
            return Vec::new();
        }
        self.to_wire().encode_to_vec()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, prost::DecodeError> {
        Ok(Self::from_wire(wire::Progress::decode(bytes)?))
    }

    pub(crate) fn to_wire(&self) -> wire::Progress {
        let error = |error: &AttemptError| wire::AttemptError {
            attempt: error.attempt,
            at_ms: millis(error.at),
            verdict: error.verdict.clone(),
            code: error.code.unwrap_or(0),
            http_status: error.http_status.map_or(0, u32::from),
            message: error.message.clone(),
        };
        wire::Progress {
            life: self.life,
            attempts: self.attempts,
            made: self.made,
            slowed: self.slowed,
            unknown: self.unknown,
            errors: self.errors.iter().map(error).collect(),
            overdue_at_ms: self.overdue_at.map_or(0, millis),
            inbox_read_at_ms: self.inbox_read_at.map_or(0, millis),
        }
    }

    pub(crate) fn from_wire(wire: wire::Progress) -> Self {
        let error = |error: wire::AttemptError| AttemptError {
            attempt: error.attempt,
            at: time(error.at_ms).unwrap_or(SystemTime::UNIX_EPOCH),
            verdict: error.verdict,
            code: Some(error.code).filter(|code| *code != 0),
            http_status: u16::try_from(error.http_status)
                .ok()
                .filter(|status| *status != 0),
            message: error.message,
        };
        Self {
            life: wire.life,
            attempts: wire.attempts,
            made: wire.made,
            slowed: wire.slowed,
            unknown: wire.unknown,
            errors: wire.errors.into_iter().map(error).collect(),
            overdue_at: time(wire.overdue_at_ms),
            inbox_read_at: time(wire.inbox_read_at_ms),
        }
    }
}
