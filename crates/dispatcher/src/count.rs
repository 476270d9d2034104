//! What the metrics are told of attempts and of what became of messages.

use std::time::Duration;

use waypost_model::SendState;
use waypost_queue::{Fact, Outgoing, Settle};
use waypost_telemetry::metrics::dispatcher;
use waypost_telemetry::metrics::label::{AttemptClass, Code, DeadClass, Number};
use waypost_whatsapp::graph::{Verdict, explain};

use crate::outcome::{Outcome, due};
use crate::understand::Judged;

/// A request has ended.
pub(crate) fn called(outgoing: &Outgoing, judged: &Judged, took: Duration) {
    dispatcher::ATTEMPT_DURATION.record(took);
    if let Some(error) = &judged.judgement.error {
        let code = match explain(error.code) {
            Some(_) => Code::of(error.code),
            None => Code::OTHER,
        };
        dispatcher::ATTEMPT_ERRORS.of(code).inc();
    }
    if matches!(judged.judgement.verdict, Verdict::Done { .. }) {
        dispatcher::SENT_LATENCY.since(due(outgoing));
    }
}

/// What was decided about a message. An attempt of a dispatcher that died with it counts too.
pub(crate) fn concluded(outcome: &Outcome) {
    let attempt = outcome.fact.as_ref().filter(|fact| fact.attempted);
    if let Some(class) = attempt.and_then(class) {
        let number = Number::of(outcome.turn.phone_number_id());
        dispatcher::ATTEMPTS.of((class, number)).inc();
    }
}

/// What became of a message, once that holds: not when somebody else has it by now, or when its echo came meanwhile.
///
/// Where the answer of Redis was lost, the second one says that somebody else has it, and that goes uncounted.
pub(crate) fn settled(outcome: &Outcome, code: Settle) {
    let Some(fact) = outcome.fact.as_ref().filter(|_| code == Settle::Done) else {
        return;
    };
    if fact.state == SendState::Retrying {
        // Who is sent again without another attempt is one of whom nothing was known.
        let class = class(fact).unwrap_or(AttemptClass::Unknown);
        dispatcher::RETRIES.of(class).inc();
    }
    let dead = fact
        .class
        .and_then(|class| DeadClass::parse(class.as_str()));
    if let Some(class) = dead {
        dispatcher::DEAD_LETTERS.of(class).inc();
    }
}

fn class(fact: &Fact) -> Option<AttemptClass> {
    AttemptClass::parse(&fact.verdict)
}
