//! One turn, from lease to outcome.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::SystemTime;

use futures_util::FutureExt;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use waypost_queue::{How, Outgoing, Signal, Stop, Turn};
use waypost_whatsapp::graph::explain;

use crate::call::{Called, call};
use crate::configure::{fingerprint, fingerprint_of};
use crate::context::Context;
use crate::judge::{Attempt, conclude};
use crate::outcome::Outcome;
use crate::policy;
use crate::prepare::{BEARER, Prepared, Unusable, prepare};
use crate::understand::{Judged, understand};

/// Deals with a turn and hands its outcome over to be settled.
pub(crate) async fn work(
    context: Arc<Context>,
    turn: Turn,
    slot: Option<OwnedSemaphorePermit>,
    settler: mpsc::Sender<Outcome>,
) {
    let mut outcome = match policy::decide(&context, turn).await {
        Ok(decided) => decided,
        Err(to_be_sent) => send(&context, to_be_sent).await,
    };
    outcome.slot = slot;
    // The settler outlives its senders, unless the process ends at once: then the lease lapses, and nothing is lost.
    let _ = settler.send(outcome).await;
}

async fn send(context: &Context, turn: Turn) -> Outcome {
    let Ok(outgoing) = &turn.outgoing else {
        // Unreadable ones were decided about before.
        return Outcome::quiet(turn, How::Release);
    };
    let outgoing = outgoing.clone();
    let prepared = match prepare(context, &outgoing) {
        Ok(prepared) => prepared,
        Err(why) => return unusable(context, turn, why),
    };
    let started_at = SystemTime::now();
    let authorization = prepared.authorization.clone();
    let judged = ask(context, prepared, &outgoing).await;
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
    let (outcome, operator) = conclude(&context.settings, turn, attempt);
    tell(context, &outgoing, &outcome, operator);
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
fn unusable(context: &Context, turn: Turn, Unusable(why): Unusable) -> Outcome {
    if context.notices.is_due(turn.phone_number_id(), 0) {
        tracing::warn!(phone_number_id = turn.phone_number_id(), "stopped: {why}");
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
        ..Outcome::quiet(turn, How::Release)
    }
}

/// One line for each attempt. Neither what was written nor who gets it is in it.
fn tell(context: &Context, outgoing: &Outgoing, outcome: &Outcome, operator: bool) {
    let Some(fact) = &outcome.fact else { return };
    let took = fact
        .finished_at
        .and_then(|end| end.duration_since(fact.started_at).ok())
        .unwrap_or_default();
    let code = fact.error_code.unwrap_or(0);
    let is_trouble = operator || outcome.stop.is_some();
    if is_trouble && context.notices.is_due(&outgoing.phone_number_id, code) {
        tracing::warn!(
            message_id = %outgoing.id,
            phone_number_id = outgoing.phone_number_id,
            attempt = fact.attempt,
            verdict = fact.verdict,
            code,
            ?took,
            "{}", explain(code).unwrap_or("somebody should look at this")
        );
    } else {
        tracing::debug!(
            message_id = %outgoing.id,
            request_id = %outgoing.request_id,
            phone_number_id = outgoing.phone_number_id,
            attempt = fact.attempt,
            verdict = fact.verdict,
            code,
            ?took,
            "attempted"
        );
    }
}
