//! Why a message has not left: what stands between it and Meta at this moment.

use std::time::{Duration, SystemTime};

use waypost_queue::{NumberStats, OutboxStats, Pause};
use waypost_rpc::v1::{TimelineEvent, TimelineKind};
use waypost_store::KnownMessage;

use crate::convert::time::stamp_of;
use crate::convert::timeline::at;
use crate::plane::Plane;

/// What it waits for; `None` for one that waits for nothing. When Redis cannot be asked, that is the answer.
pub(super) async fn now(plane: &Plane, message: &KnownMessage) -> Option<TimelineEvent> {
    let state = message.state.as_deref()?;
    if matches!(state, "sent" | "dead") {
        return None;
    }
    let asked = tokio::try_join!(
        plane.outbox.stats(),
        plane.outbox.number(&message.phone_number_id)
    );
    let mut reasons = match asked {
        Ok((outbox, number)) => reasons(state, message, &outbox, &number, plane.default_limit),
        Err(error) => vec![format!("Redis cannot be asked why: {error}")],
    };
    if reasons.is_empty() {
        reasons.push("it is under way, or next in line".to_owned());
    }
    let (_, mut event) = at(SystemTime::now(), TimelineKind::Now, reasons.join("; "));
    event.next_attempt_at = stamp_of(message.send_at.filter(|at| *at > SystemTime::now()));
    Some(event)
}

fn reasons(
    state: &str,
    message: &KnownMessage,
    outbox: &OutboxStats,
    number: &NumberStats,
    default_limit: f64,
) -> Vec<String> {
    let mut reasons = Vec::new();
    match state {
        "held" => reasons.push("its outcome is unknown, and its sender asked for it to be held: decide to send it again or to give it up".to_owned()),
        "unknown" => reasons.push("its outcome is unknown: it waits for Meta's echo, then for what its sender asked to do".to_owned()),
        "retrying" => reasons.push("its latest attempt failed: the next one is in its timeline".to_owned()),
        _ => {}
    }
    if message.send_at.is_some_and(|at| at > SystemTime::now()) {
        reasons.push("it is to be sent later".to_owned());
        return reasons;
    }
    if let Some(pause) = &outbox.pause {
        reasons.push(format!("sending is paused{}", note(pause)));
    }
    if let Some(stop) = &number.stop {
        reasons.push(format!("its number is stopped{}", note(stop)));
    }
    if let Some(pause) = &number.pause {
        reasons.push(format!("its number is paused{}", note(pause)));
    }
    if let Some(breaker) = &number.breaker {
        reasons.push(format!(
            "the circuit breaker of its number is {breaker}: too many attempts have failed"
        ));
    }
    if outbox.consumers == 0 {
        reasons.push("no dispatcher is running".to_owned());
    }
    let limit = number.limit.unwrap_or(default_limit);
    if let Some(rate) = number.lowered_rate.filter(|rate| *rate < limit) {
        reasons.push(format!(
            "Meta has pushed back: its number sends {rate:.1} a second instead of {limit:.0}"
        ));
    }
    if number.backlog > 1 && state == "accepted" {
        reasons.push(format!(
            "{} messages of its number are waiting or under way",
            number.backlog
        ));
    }
    reasons
}

fn note(pause: &Pause) -> String {
    let since = SystemTime::now()
        .duration_since(pause.since)
        .unwrap_or(Duration::ZERO)
        .as_secs();
    let (minutes, seconds) = (since / 60, since % 60);
    let mut text = format!(" by {} for {minutes} min {seconds} s", pause.by);
    if !pause.reason.is_empty() {
        text += &format!(" ({})", pause.reason);
    }
    text
}
