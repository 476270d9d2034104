//! One turn, from lease to outcome.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use futures_util::FutureExt;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use waypost_model::DeadClass;
use waypost_queue::{How, Outgoing, Signal, Stop, Turn};
use waypost_telemetry::trace::{Span, names};
use waypost_telemetry::{About, say};
use waypost_whatsapp::graph::explain;

use crate::call::{Called, call};
use crate::configure::{fingerprint, fingerprint_of};
use crate::context::Context;
use crate::count;
use crate::judge::{Attempt, conclude};
use crate::outcome::Outcome;
use crate::policy;
use crate::prepare::{BEARER, Prepared, Unusable, prepare};
use crate::spans;
use crate::understand::{Judged, understand};

/// Deals with a turn and hands its outcome over to be settled.
pub(crate) async fn work(
    context: Arc<Context>,
    turn: Turn,
    slot: Option<OwnedSemaphorePermit>,
    settler: mpsc::Sender<Outcome>,
) {
    let since = SystemTime::now();
    let mut outcome = match policy::decide(&context, turn).await {
        Ok(decided) => decide(decided, since),
        Err(to_be_sent) => send(&context, to_be_sent, since).await,
    };
    count::concluded(&outcome);
    outcome.slot = slot;
    // The settler outlives its senders, unless the process ends at once: then the lease lapses, and nothing is lost.
    let _ = settler.send(outcome).await;
}

/// A decision without a request. One to look again later is nobody's news.
fn decide(mut outcome: Outcome, since: SystemTime) -> Outcome {
    if let Some(fact) = &outcome.fact {
        let span = spans::process(&outcome.turn, since);
        say!(
            debug,
            spans::about(&outcome.turn, &span),
            phone_number_id = outcome.turn.phone_number_id(),
            attempt = fact.attempt,
            state = fact.state.as_str(),
            class = fact.class.map(DeadClass::as_str),
            "decided"
        );
        spans::conclude(span, &mut outcome);
    }
    outcome
}

async fn send(context: &Context, turn: Turn, since: SystemTime) -> Outcome {
    let Ok(outgoing) = &turn.outgoing else {
        // Unreadable ones were decided about before.
        return Outcome::quiet(turn, How::Release);
    };
    let outgoing = outgoing.clone();
    let mut span = spans::process(&turn, since);
    let prepared = match prepare(context, &outgoing) {
        Ok(prepared) => prepared,
        Err(why) => return unusable(context, turn, span, why),
    };
    let (started_at, started) = (SystemTime::now(), Instant::now());
    let authorization = prepared.authorization.clone();
    let request = spans::request(&span, &prepared);
    let judged = ask(context, prepared, &outgoing).await;
    count::called(&outgoing, &judged, started.elapsed());
    spans::answered(request, &judged);
    spans::attempted(&mut span, &judged);
    let attempt = Attempt {
        // Only a number that is to be stopped needs it.
        token_fingerprint: match judged.stops_number() {
            true => fingerprint_of(&authorization.as_bytes()[BEARER.len()..]),
            false => String::new(),
        },
        judged,
        started_at,
        finished_at: SystemTime::now(),
    };
    let (mut outcome, operator) = conclude(&context.settings, turn, attempt);
    tell(
        context,
        &outcome,
        spans::about(&outcome.turn, &span),
        operator,
    );
    spans::conclude(span, &mut outcome);
    outcome
}

/// Whatever fails in there, the request may have gone out, and the message must not be lost with the task.
async fn ask(context: &Context, prepared: Prepared, outgoing: &Outgoing) -> Judged {
    let asked = async {
        let called = tokio::select! {
            called = call(&context.client, prepared) => called,
            () = context.stopping.cancelled() => {
                Called::Unknown("the dispatcher ended before the answer came".to_owned())
            }
        };
        understand(called, outgoing)
    };
    AssertUnwindSafe(asked)
        .catch_unwind()
        .await
        .unwrap_or_else(|_| {
            let why = "the dispatcher failed in the middle of it".to_owned();
            understand(Called::Unknown(why), outgoing)
        })
}

/// Nothing was sent: the number stops, and its messages wait.
fn unusable(context: &Context, turn: Turn, mut span: Span, Unusable(why): Unusable) -> Outcome {
    span.set(names::ERROR_TYPE, "unusable");
    span.error(why);
    if context.notices.is_due(turn.phone_number_id(), 0) {
        say!(
            warn,
            spans::about(&turn, &span),
            phone_number_id = turn.phone_number_id(),
            "stopped: {why}"
        );
    }
    let (numbers, id) = (context.numbers.current(), turn.phone_number_id());
    let token = numbers.get(id).and_then(|number| number.token.as_ref());
    let token = token.or(context.graph.api_token.as_ref());
    let stop = Stop {
        reason: why.to_owned(),
        token_fingerprint: fingerprint(token),
    };
    Outcome {
        stop: Some(stop),
        signal: Signal::None,
        span: Some(span),
        ..Outcome::quiet(turn, How::Release)
    }
}

/// One line for each attempt. Neither what was written nor who gets it is in it.
fn tell(context: &Context, outcome: &Outcome, about: About, operator: bool) {
    let Some(fact) = &outcome.fact else { return };
    let took = fact
        .finished_at
        .and_then(|end| end.duration_since(fact.started_at).ok())
        .unwrap_or_default();
    let number = outcome.turn.phone_number_id();
    let code = fact.error_code.unwrap_or(0);
    let is_trouble = operator || outcome.stop.is_some();
    if is_trouble && context.notices.is_due(number, code) {
        say!(
            warn,
            about,
            phone_number_id = number,
            attempt = fact.attempt,
            verdict = fact.verdict,
            code,
            ?took,
            "{}",
            explain(code).unwrap_or("somebody should look at this")
        );
    } else {
        say!(
            debug,
            about,
            phone_number_id = number,
            attempt = fact.attempt,
            verdict = fact.verdict,
            code,
            ?took,
            "attempted"
        );
    }
}
