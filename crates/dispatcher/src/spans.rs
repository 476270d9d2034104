//! The spans of a message on its way out, in the trace of the request that brought it: one for every time that it was
//! somebody's turn, and below it the request to Meta. `docs/TRACES.md` has the table.
//!
//! Meta gets no `traceparent`: the trace is ours. Neither who gets a message nor what it says nor Meta's own texts, which
//! may quote both, are in any of them.

use std::borrow::Cow;
use std::time::SystemTime;

use waypost_model::SendState;
use waypost_queue::{Outgoing, Progress, Settle, Turn};
use waypost_telemetry::About;
use waypost_telemetry::trace::{self, Kind, Span, names};
use waypost_whatsapp::graph::{Verdict, explain};

use crate::outcome::{Outcome, due};
use crate::prepare::Prepared;
use crate::understand::{Judged, word};

/// How urgent a message is.
const PRIORITY: &str = "waypost.priority";
/// How long it waited for this attempt, in milliseconds: since it was accepted or due, or since the one before ended.
const WAITED: &str = "waypost.waited_ms";
/// Meta's code of an error.
const META_CODE: &str = "waypost.meta_code";
/// The state that a message is in from now on.
const STATE: &str = "waypost.state";
/// Why it was given up.
const CLASS: &str = "waypost.dead_class";
/// What the settlement came to, where that is not what was asked for.
const SETTLED: &str = "waypost.settled";
/// The path of the request, without what differs between requests.
const URL_TEMPLATE: &str = "url.template";
const SERVER_PORT: &str = "server.port";

/// The span of a turn, from when it began until its outcome is settled.
pub(crate) fn process(turn: &Turn, since: SystemTime) -> Span {
    let traceparent = turn
        .outgoing
        .as_ref()
        .map_or("", |outgoing| &*outgoing.traceparent);
    let mut span = trace::child("outbox process", trace::resume(traceparent, turn.id()))
        .kind(Kind::Consumer)
        .since(since)
        .attr(names::MESSAGING_SYSTEM, names::SYSTEM)
        .attr(names::DESTINATION, "outbox")
        .attr(names::OPERATION_TYPE, "process")
        .attr(names::MESSAGE_ID, turn.id());
    if trace::is_on() {
        span.set(names::NUMBER, turn.phone_number_id().to_owned());
        if let Ok(outgoing) = &turn.outgoing {
            span.set(PRIORITY, outgoing.priority.as_str());
            span.set(WAITED, waited(outgoing, &turn.progress, since));
        }
    }
    span
}

/// The span of the request.
pub(crate) fn request(process: &Span, prepared: &Prepared) -> Span {
    let mut span = trace::child("POST /{number}/messages", process.context())
        .kind(Kind::Client)
        .attr(names::HTTP_METHOD, "POST")
        .attr(URL_TEMPLATE, "/{number}/messages")
        .attr(names::HTTP_BODY_SIZE, prepared.body.len());
    if trace::is_on() {
        let host = prepared.url.host_str().unwrap_or_default();
        span.set(names::SERVER_ADDRESS, host.to_owned());
        span.set(
            SERVER_PORT,
            prepared.url.port_or_known_default().unwrap_or(0),
        );
    }
    span
}

/// Ends the span of the request.
pub(crate) fn answered(mut span: Span, judged: &Judged) {
    if let Some(status) = judged.http_status {
        span.set(names::HTTP_STATUS, status);
    }
    attempted(&mut span, judged);
}

/// Says how an attempt went.
pub(crate) fn attempted(span: &mut Span, judged: &Judged) {
    let verdict = &judged.judgement.verdict;
    span.set(names::VERDICT, word(verdict));
    if matches!(verdict, Verdict::Done { .. }) {
        return;
    }
    let code = judged.judgement.error.as_ref().map(|error| error.code);
    if let Some(code) = code {
        span.set(META_CODE, code);
    }
    span.set(names::ERROR_TYPE, error_type(judged, code));
    match verdict {
        Verdict::Unknown => span.unknown(),
        _ => span.error(words(judged, code)),
    }
}

/// Says in the span of a turn what becomes of the message; its fact goes on from there.
pub(crate) fn conclude(mut span: Span, outcome: &mut Outcome) {
    if let Some(fact) = &mut outcome.fact {
        span.set(names::ATTEMPT, fact.attempt);
        span.set(STATE, fact.state.as_str());
        match (fact.state, fact.class) {
            (SendState::Unknown | SendState::Held, _) => span.unknown(),
            (SendState::Dead, Some(class)) => {
                span.set(CLASS, class.as_str());
                if !fact.attempted {
                    span.error("given up without another attempt");
                }
            }
            _ => {}
        }
        fact.traceparent = span.context().traceparent();
    }
    outcome.span = Some(span);
}

/// Says in the span of a turn what the settlement came to, and ends it.
pub(crate) fn settled(mut span: Span, code: Settle) {
    match code {
        Settle::Done => {}
        Settle::Fenced => span.set(SETTLED, "fenced"),
        Settle::Echoed => span.set(SETTLED, "echoed"),
    }
}

/// Whom a log line about a turn is about.
pub(crate) fn about(turn: &Turn, span: &Span) -> About {
    let about = About::default().message(turn.id()).trace(span.context());
    match &turn.outgoing {
        Ok(outgoing) => about.request(outgoing.request_id),
        Err(_) => about,
    }
}

fn error_type(judged: &Judged, code: Option<i64>) -> Cow<'static, str> {
    match (code, judged.http_status, &judged.judgement.verdict) {
        (Some(code), _, _) => code.to_string().into(),
        (None, Some(status), _) if status >= 400 => status.to_string().into(),
        (None, Some(_), _) => "unreadable_answer".into(),
        (None, None, Verdict::Unknown) => "no_answer".into(),
        (None, None, _) => "no_connection".into(),
    }
}

/// Our own words for a code, as Meta's may quote what people wrote.
fn words(judged: &Judged, code: Option<i64>) -> Cow<'static, str> {
    match (code.and_then(explain), judged.http_status) {
        (Some(words), _) => words.into(),
        (None, Some(status)) => format!("HTTP {status}").into(),
        (None, None) => judged.why.clone().unwrap_or_default().into(),
    }
}

fn waited(outgoing: &Outgoing, progress: &Progress, until: SystemTime) -> u64 {
    let tried = progress.errors.last().map(|error| error.at);
    let since = tried.map_or(due(outgoing), |tried| tried.max(due(outgoing)));
    let waited = until.duration_since(since).unwrap_or_default();
    u64::try_from(waited.as_millis()).unwrap_or(u64::MAX)
}
