//! What happened to a message, told in order.

use std::time::{Duration, SystemTime};

use waypost_rpc::v1::{ErrorDetail, TimelineEvent, TimelineKind};
use waypost_store::{Attempt, HeardStatus, History, KnownMessage, Step};

use super::dead::explain;
use super::time::{stamp, stamp_of};

/// All of it, oldest first. `event` is the id and the time of the event that was published, if the stream still has it.
pub(crate) fn timeline(
    history: &History,
    event: Option<(String, SystemTime)>,
) -> Vec<TimelineEvent> {
    let message = &history.message;
    let mut told: Vec<(SystemTime, TimelineEvent)> = Vec::new();
    match message.direction {
        waypost_model::Direction::In => received(message, &mut told),
        waypost_model::Direction::Out => accepted(message, &mut told),
    }
    told.extend(history.attempts.iter().map(attempt));
    told.extend(history.steps.iter().filter_map(step));
    let floor = taken_at(history);
    told.extend(history.statuses.iter().map(|told| status(told, floor)));
    told.push(at(
        message.created_at,
        TimelineKind::Persisted,
        "stored in Postgres".to_owned(),
    ));
    if let Some((id, published)) = event {
        let (time, mut event) = at(
            published,
            TimelineKind::Event,
            "published to browsers".to_owned(),
        );
        event.event_id = id;
        told.push((time, event));
    }
    // What has the same time stays in the order of cause and effect that it was put in here.
    told.sort_by_key(|(time, _)| *time);
    told.into_iter().map(|(_, event)| event).collect()
}

/// When Meta had it: nothing that it tells of a message happened before that.
fn taken_at(history: &History) -> SystemTime {
    let is_done = |attempt: &&Attempt| attempt.verdict.as_deref() == Some("done");
    let done = history.attempts.iter().filter(is_done);
    let first = done.filter_map(|attempt| attempt.finished_at).min();
    // One whose answer was lost may have reached Meta as soon as it was made.
    let made = || {
        history
            .attempts
            .iter()
            .map(|attempt| attempt.started_at)
            .min()
    };
    first.or_else(made).unwrap_or(history.message.accepted_at)
}

fn received(message: &KnownMessage, told: &mut Vec<(SystemTime, TimelineEvent)>) {
    let text = format!(
        "webhook received: {} from {}",
        message.kind,
        origin(&message.origin)
    );
    told.push(at(message.accepted_at, TimelineKind::Received, text));
    if message.duplicate_of.is_some() {
        let text =
            "repeats another message of the same content within five seconds; kept and marked"
                .to_owned();
        told.push(at(message.accepted_at, TimelineKind::Deduplicated, text));
    }
}

fn origin(word: &str) -> &'static str {
    match word {
        "echo" => "the business's phone app",
        "history" => "the history handed over when the number was connected",
        _ => "a customer",
    }
}

fn accepted(message: &KnownMessage, told: &mut Vec<(SystemTime, TimelineEvent)>) {
    if message.state.is_none() {
        let text = format!(
            "webhook received: {} from {}",
            message.kind,
            origin(&message.origin)
        );
        return told.push(at(message.accepted_at, TimelineKind::Received, text));
    }
    let mut text = format!("accepted: {}", message.kind);
    for (name, value) in [("priority", &message.priority), ("key", &message.key_name)] {
        if let Some(value) = value {
            text += &format!(", {name} {value}");
        }
    }
    told.push(at(message.accepted_at, TimelineKind::Accepted, text));
    if let Some(send_at) = message.send_at {
        let (time, mut event) = at(
            message.accepted_at,
            TimelineKind::Scheduled,
            "to be sent later".to_owned(),
        );
        event.next_attempt_at = Some(stamp(send_at));
        told.push((time, event));
    }
}

fn attempt(attempt: &Attempt) -> (SystemTime, TimelineEvent) {
    let verdict = attempt.verdict.clone().unwrap_or_default();
    let text = match verdict.as_str() {
        "done" => "Meta took it",
        "retry" => "failed; tried again later",
        "slow_down" => "too fast for Meta; waits, and costs no attempt",
        "never" => "refused for good",
        "stop_number" => "refused: the number cannot send until somebody acts",
        "unknown" => "no answer: nobody knows whether Meta took it",
        _ => "made",
    };
    let end = attempt.finished_at.unwrap_or(attempt.started_at);
    let (time, mut event) = at(
        end,
        TimelineKind::Attempt,
        format!("attempt {}: {text}", attempt.attempt),
    );
    event.attempt = attempt.attempt;
    event.latency_ms = attempt
        .finished_at
        .and_then(|end| end.duration_since(attempt.started_at).ok())
        .map(|latency| latency.as_secs_f64() * 1_000.0);
    event.next_attempt_at = stamp_of(attempt.next_at);
    event.error = error(attempt);
    event.verdict = verdict;
    (time, event)
}

fn error(attempt: &Attempt) -> Option<ErrorDetail> {
    let is_error = attempt.error_code.is_some() || attempt.error_message.is_some();
    is_error.then(|| ErrorDetail {
        code: attempt.error_code.unwrap_or(0),
        subcode: attempt.error_subcode.unwrap_or(0),
        http_status: attempt.http_status.map_or(0, u32::from),
        message: attempt.error_message.clone().unwrap_or_default(),
        explanation: explain(attempt.error_code),
        fbtrace_id: attempt.fbtrace_id.clone().unwrap_or_default(),
    })
}

/// What attempts and acceptance don't tell already.
fn step(step: &Step) -> Option<(SystemTime, TimelineEvent)> {
    let class = step.class.as_deref().unwrap_or("no reason told");
    let (kind, text) = match step.state.as_str() {
        "accepted" if step.life > 0 => (
            TimelineKind::Replayed,
            "replayed from the dead letters, with fresh attempts".to_owned(),
        ),
        "unknown" => (
            TimelineKind::Unknown,
            "outcome unknown; waits for Meta's echo".to_owned(),
        ),
        "held" => (
            TimelineKind::Held,
            "no echo came; held until somebody decides".to_owned(),
        ),
        "dead" => (TimelineKind::Dead, format!("given up: {}", words(class))),
        "sent" => (TimelineKind::Sent, "Meta has it".to_owned()),
        _ => return None,
    };
    let (time, mut event) = at(step.at, kind, text);
    event.attempt = step.attempt;
    if step.error_code.is_some() || step.error_message.is_some() {
        event.error = Some(ErrorDetail {
            code: step.error_code.unwrap_or(0),
            message: step.error_message.clone().unwrap_or_default(),
            explanation: explain(step.error_code),
            ..ErrorDetail::default()
        });
    }
    Some((time, event))
}

/// A class of dead letters, in words.
fn words(class: &str) -> &str {
    match class {
        "rejected" => "refused by Meta",
        "expired" => "its time was over",
        "exhausted" => "no attempts left",
        "unknown" => "its outcome stayed unknown",
        "number_stopped" => "its number was stopped",
        "cleared" => "cleared by an operator",
        other => other,
    }
}

fn status(status: &HeardStatus, floor: SystemTime) -> (SystemTime, TimelineEvent) {
    let (kind, text) = match status.status.as_str() {
        "sent" => (TimelineKind::Sent, "Meta tells: sent".to_owned()),
        "delivered" => (TimelineKind::Delivered, "delivered".to_owned()),
        "read" => (TimelineKind::Read, "read".to_owned()),
        "played" => (TimelineKind::Played, "played".to_owned()),
        "failed" => (TimelineKind::Failed, "Meta could not deliver it".to_owned()),
        other => (TimelineKind::OtherStatus, format!("Meta tells: {other}")),
    };
    // WhatsApp's own times are whole seconds, with the part of a second cut off.
    let told = match status.at {
        Some(at)
            if floor
                .duration_since(at)
                .is_ok_and(|early| early < Duration::from_secs(1)) =>
        {
            floor
        }
        Some(at) => at,
        None => status.received_at,
    };
    let (time, mut event) = at(told, kind, text);
    event.participant.clone_from(&status.participant);
    if status.error_code.is_some() {
        event.error = Some(ErrorDetail {
            code: status.error_code.unwrap_or(0),
            explanation: explain(status.error_code),
            ..ErrorDetail::default()
        });
    }
    (time, event)
}

/// An event of the timeline.
pub(crate) fn at(
    time: SystemTime,
    kind: TimelineKind,
    summary: String,
) -> (SystemTime, TimelineEvent) {
    let event = TimelineEvent {
        at: Some(stamp(time)),
        kind: kind.into(),
        summary,
        ..TimelineEvent::default()
    };
    (time, event)
}
