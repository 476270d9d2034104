//! All that happened to a message, oldest first: when, how long after what was before, what, and what went wrong.

use prost_types::Timestamp;
use waypost_rpc::v1::{Message, TimelineEvent, TimelineKind};

use super::error_lines;
use crate::admin::text::{Look, Tone, clean, time};

/// Where the words begin: after the clock and the time since the event before.
const INDENT: usize = 30;

pub(super) fn tell(message: &Message, events: &[TimelineEvent], look: &Look) -> String {
    let mut text = format!("{}\n", look.bold("What happened (UTC)"));
    if events.is_empty() {
        text.push_str("  nothing is known\n");
    }
    let mut before: Option<i64> = None;
    let mut day = String::new();
    for event in events {
        let at = event.at.as_ref();
        if let Some(date) = at.map(time::date).filter(|date| *date != day) {
            text.push_str(&format!("  {}\n", look.dim(&date)));
            day = date;
        }
        text.push_str(&line(event, before, look));
        text.push_str(&details(event, look));
        before = at.map(time::millis).or(before);
    }
    // A story that is not over ends at this moment, whether or not the monitor says so.
    let over = !matches!(
        message.state.as_str(),
        "accepted" | "retrying" | "unknown" | "held"
    );
    let told = events
        .last()
        .is_some_and(|event| event.kind() == TimelineKind::Now);
    if let Some(before) = before.filter(|_| !over && !told) {
        let since = time::span(time::between(before, look.now));
        text.push_str(&format!(
            "  {:<12}  {:<12}  and nothing since\n",
            "now",
            format!("+{since}")
        ));
    }
    text
}

fn line(event: &TimelineEvent, before: Option<i64>, look: &Look) -> String {
    let clock = match (event.kind(), &event.at) {
        (TimelineKind::Now, _) => "now".to_owned(),
        (_, Some(at)) => time::clock(at),
        (_, None) => "?".to_owned(),
    };
    let at = match event.kind() {
        TimelineKind::Now => Some(event.at.as_ref().map_or(look.now, time::millis)),
        _ => event.at.as_ref().map(time::millis),
    };
    let since = match (before, at) {
        (Some(before), Some(at)) => format!("+{}", time::span(time::between(before, at))),
        _ => String::new(),
    };
    let (tone, word) = kind(event);
    // The monitor's words stand alone; what it leaves out is told by the kind.
    let words = match event.summary.as_str() {
        "" => word,
        summary => clean(summary).into_owned(),
    };
    let wrapped = look.wrap(&(words + &facts(event)), INDENT);
    let painted = match wrapped.split_once('\n') {
        Some((first, rest)) => format!("{}\n{rest}", look.paint.with(tone, first)),
        None => look.paint.with(tone, &wrapped),
    };
    format!(
        "  {clock:<12}  {}  {painted}\n",
        look.dim(&format!("{since:<12}"))
    )
}

/// ` (slow down, took 212 ms)`.
fn facts(event: &TimelineEvent) -> String {
    let verdict = clean(&event.verdict).replace('_', " ");
    let took = event
        .latency_ms
        .map(|latency| format!("took {}", time::span(latency / 1_000.0)));
    match (verdict.as_str(), took) {
        ("", None) => String::new(),
        ("", Some(took)) => format!(" ({took})"),
        (verdict, None) => format!(" ({verdict})"),
        (verdict, Some(took)) => format!(" ({verdict}, {took})"),
    }
}

fn details(event: &TimelineEvent, look: &Look) -> String {
    let mut text = String::new();
    if let Some(error) = &event.error {
        text.push_str(&error_lines(error, INDENT, look));
    }
    let mut line = |words: String| {
        let space = " ".repeat(INDENT);
        text.push_str(&format!(
            "{space}{}\n",
            look.dim(&look.wrap(&clean(&words), INDENT))
        ));
    };
    if let Some(next) = &event.next_attempt_at {
        line(due(event, next));
    }
    if !event.participant.is_empty() {
        line(format!("about {}", event.participant));
    }
    if !event.event_id.is_empty() {
        line(format!("event {}", event.event_id));
    }
    text
}

/// When it is to go on, and how long after this.
fn due(event: &TimelineEvent, next: &Timestamp) -> String {
    let what = match event.kind() {
        TimelineKind::Attempt => "next attempt at",
        _ => "due at",
    };
    let Some(at) = &event.at else {
        return format!("{what} {}", time::stamp(next));
    };
    let wait = time::span(time::between(time::millis(at), time::millis(next)));
    let when = match time::date(at) == time::date(next) {
        true => time::clock(next),
        false => time::stamp(next),
    };
    format!("{what} {when}, {wait} later")
}

fn kind(event: &TimelineEvent) -> (Tone, String) {
    let (tone, word) = match event.kind() {
        TimelineKind::Unspecified => (Tone::Plain, "something that this program does not know"),
        TimelineKind::Received => (Tone::Plain, "received"),
        TimelineKind::Deduplicated => (Tone::Plain, "deduplicated"),
        TimelineKind::Persisted => (Tone::Good, "persisted"),
        TimelineKind::Event => (Tone::Good, "told the browsers"),
        TimelineKind::Accepted => (Tone::Plain, "accepted"),
        TimelineKind::Scheduled => (Tone::Plain, "scheduled"),
        TimelineKind::Attempt => return attempt(event),
        TimelineKind::Unknown => (Tone::Warn, "unknown"),
        TimelineKind::Held => (Tone::Warn, "held"),
        TimelineKind::Dead => (Tone::Bad, "dead"),
        TimelineKind::Replayed => (Tone::Plain, "replayed"),
        TimelineKind::Sent => (Tone::Good, "sent"),
        TimelineKind::Delivered => (Tone::Good, "delivered"),
        TimelineKind::Read => (Tone::Good, "read"),
        TimelineKind::Played => (Tone::Good, "played"),
        TimelineKind::Failed => (Tone::Bad, "failed"),
        TimelineKind::OtherStatus => (Tone::Plain, "Meta says"),
        TimelineKind::Now => (Tone::Plain, "it waits"),
    };
    (tone, word.to_owned())
}

fn attempt(event: &TimelineEvent) -> (Tone, String) {
    let tone = match event.verdict.as_str() {
        "done" => Tone::Good,
        "retry" | "slow_down" | "unknown" => Tone::Warn,
        _ => Tone::Bad,
    };
    match event.attempt {
        0 => (tone, "attempt".to_owned()),
        number => (tone, format!("attempt {number}")),
    }
}
