//! What is to be settled, and how its fact is told.

use std::time::SystemTime;

use tokio::sync::OwnedSemaphorePermit;
use waypost_model::SendState;
use waypost_queue::{
    AttemptError, Ending, Fact, How, Outgoing, Progress, Signal, Slow, Stop, Turn,
};
use waypost_telemetry::trace::Span;

/// What became of a turn.
pub(crate) struct Outcome {
    pub(crate) turn: Turn,
    pub(crate) how: How,
    pub(crate) fact: Option<Fact>,
    pub(crate) signal: Signal,
    pub(crate) slow: Option<Slow>,
    pub(crate) stop: Option<Stop>,
    /// The slot that it holds, until it waits to be settled.
    pub(crate) slot: Option<OwnedSemaphorePermit>,
    /// It ends when the outcome is settled.
    pub(crate) span: Option<Span>,
}

impl Outcome {
    /// One that teaches nobody anything.
    pub(crate) fn quiet(turn: Turn, how: How) -> Self {
        Self {
            turn,
            how,
            fact: None,
            signal: Signal::None,
            slow: None,
            stop: None,
            slot: None,
            span: None,
        }
    }

    pub(crate) fn ending(&self) -> Ending<'_> {
        Ending {
            turn: &self.turn,
            how: self.how.clone(),
            fact: self.fact.clone(),
            signal: self.signal,
            slow: self.slow,
            stop: self.stop.clone(),
        }
    }

    /// Whether we know that Meta took it.
    pub(crate) const fn is_done(&self) -> bool {
        matches!(self.how, How::Done)
    }
}

/// A fact about the message at the head, as far as its progress tells.
pub(crate) fn fact(turn: &Turn, progress: &Progress, state: SendState) -> Fact {
    let mut fact = Fact::change(turn.id(), turn.phone_number_id(), state);
    fact.life = progress.life;
    fact.attempt = progress.made;
    fact
}

/// When its way out began: as soon as it was accepted, or when its sender wanted it to.
pub(crate) fn due(outgoing: &Outgoing) -> SystemTime {
    let accepted_at = outgoing.accepted_at;
    outgoing
        .send_at
        .map_or(accepted_at, |at| at.max(accepted_at))
}

/// What went wrong, as a dead letter keeps it.
pub(crate) fn error_of(fact: &Fact, at: SystemTime) -> AttemptError {
    AttemptError {
        attempt: fact.attempt,
        at,
        verdict: fact.verdict.clone(),
        code: fact.error_code,
        http_status: fact.http_status,
        message: fact.error_message.clone().unwrap_or_default(),
    }
}
