//! Metrics of the dispatcher.

use super::{buckets, catalog};
use crate::metrics::family::Unit;
use crate::metrics::label::{AttemptClass, Code, DeadClass, Limit, Number};

catalog! {
    counter ATTEMPTS: (AttemptClass, Number), "waypost_attempts_total", Unit::None,
        "Requests to the Graph API by verdict and number: `done` was taken by Meta, of `unknown` nobody can say.";
    counter ATTEMPT_ERRORS: Code, "waypost_attempt_errors_total", Unit::None,
        "Errors that Meta answered with, by code; `other` are codes that Meta does not describe.";
    durations ATTEMPT_DURATION: (), "waypost_attempt_duration_seconds", buckets::CALL,
        "How long a request to the Graph API took.";
    durations SENT_LATENCY: (), "waypost_sent_latency_seconds", buckets::WAY,
        "From the moment at which a message was accepted, or was due when it was scheduled, to Meta's taking it.";
    counter LIMITER_WAITS: Limit, "waypost_limiter_waits_total", Unit::None,
        "Times that a message had to wait for a limit to let it through.";
    given LIMITER_RATE: Number, "waypost_limiter_rate", Unit::None,
        "Messages a second that a number may send at present. Every dispatcher says the same: take the maximum, not the sum.";
    given BREAKER_STATE: Number, "waypost_breaker_state", Unit::None,
        "Circuit breaker of a number: 0 closed, 1 half open, 2 open. Every dispatcher says the same: take the maximum.";
    given NUMBERS_STOPPED: (), "waypost_numbers_stopped", Unit::None,
        "Numbers that send nothing until somebody acts. Every dispatcher says the same: take the maximum.";
    counter RETRIES: AttemptClass, "waypost_retries_total", Unit::None,
        "Messages put back for another attempt, by the verdict of the last one.";
    counter DEAD_LETTERS: DeadClass, "waypost_dead_letters_total", Unit::None,
        "Messages given up, by why.";
}
