//! Words for who holds something up, and for queues.

use waypost_rpc::v1::{Hold, Queue};

use super::text::{clean, time};

/// `paused by ops for 3 min, since 2026-11-24 21:00:07Z: Meta is down`.
pub(crate) fn words(what: &str, hold: &Hold, now: i64) -> String {
    let mut words = what.to_owned();
    if !hold.by.is_empty() {
        words.push_str(&format!(" by {}", clean(&hold.by)));
    }
    if let Some(since) = &hold.since {
        let long = time::span(time::between(time::millis(since), now));
        words.push_str(&format!(" for {long}, since {}", time::stamp(since)));
    }
    if !hold.reason.is_empty() {
        words.push_str(&format!(": {}", clean(&hold.reason)));
    }
    words
}

/// The short word of a queue.
pub(crate) fn queue(queue: Queue) -> &'static str {
    match queue {
        Queue::Unspecified => "?",
        Queue::Webhook => "webhook",
        Queue::Message => "message",
        Queue::Fact => "fact",
    }
}

/// `webhook and message`; `nothing` for none.
pub(crate) fn queues(queues: impl Iterator<Item = Queue>) -> String {
    let words: Vec<&str> = queues.map(queue).collect();
    match words.as_slice() {
        [] => "nothing".to_owned(),
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        words => words.concat(),
    }
}
