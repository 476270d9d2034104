//! The table of figures: a column a queue, so that it fits 80 columns however large they are.

use waypost_rpc::v1::{QueueStats, Rates};

use crate::admin::text::{Cell, Look, Table, Tone, count, rate, time};

/// What a row says of a queue.
type Figure = fn(&QueueStats) -> Cell;

pub(super) fn table(queues: &[(&'static str, &QueueStats)], look: &Look) -> String {
    let mut table = Table::new(&["", ">webhook", ">message", ">fact"]);
    for (name, messages_only, figure) in ROWS {
        let mut cells = vec![Cell::new(name)];
        for (queue, stats) in queues {
            // Webhooks and facts have no unknown outcome, and a zero there would say that they could.
            let has = !messages_only || *queue == "message";
            cells.push(if has { figure(stats) } else { Cell::new("-") });
        }
        table.row(cells);
    }
    table.render(look)
}

/// Name, whether only messages have it, and the figure.
const ROWS: &[(&str, bool, Figure)] = &[
    ("waiting", false, |s| Cell::new(&count(s.waiting))),
    ("active", false, |s| Cell::new(&count(s.active))),
    ("delayed", false, |s| Cell::new(&count(s.delayed))),
    ("  of these scheduled", true, |s| {
        Cell::new(&count(s.scheduled))
    }),
    ("outcome unknown", true, |s| some(s.unknown, Tone::Warn)),
    ("dead letters", false, |s| some(s.dead, Tone::Bad)),
    ("oldest waits for", false, |s| seconds(s.oldest_age_seconds)),
    ("drained in", false, |s| drained(s)),
    ("", false, |_| Cell::new("")),
    ("in, per second", false, |s| {
        pair(s, |rates| rates.accepted_per_second)
    }),
    ("done, per second", false, |s| {
        pair(s, |rates| rates.completed_per_second)
    }),
    ("given up, per second", false, |s| {
        pair(s, |rates| rates.failed_per_second)
    }),
    ("", false, |_| Cell::new("")),
    ("done in all", false, |s| Cell::new(&count(s.completed))),
    ("given up in all", false, |s| Cell::new(&count(s.failed))),
    ("put off in all", false, |s| Cell::new(&count(s.retried))),
    ("consumers", false, consumers),
];

/// A figure that is good only at 0.
fn some(figure: u64, tone: Tone) -> Cell {
    let tone = if figure == 0 { Tone::Plain } else { tone };
    Cell::toned(tone, &count(figure))
}

fn seconds(seconds: Option<f64>) -> Cell {
    Cell::new(&seconds.map_or_else(|| "-".to_owned(), time::span))
}

/// What waits and does not get less is told from what does not wait.
fn drained(stats: &QueueStats) -> Cell {
    let waits = stats.waiting + stats.delayed > 0;
    match stats.time_to_drain_seconds {
        _ if !waits => Cell::new("-"),
        _ if stats.paused.is_some() => Cell::toned(Tone::Warn, "paused"),
        None => Cell::toned(Tone::Warn, "not at this rate"),
        Some(seconds) => Cell::new(&time::span(seconds)),
    }
}

/// The last minute and the last five.
fn pair(stats: &QueueStats, of: fn(&Rates) -> f64) -> Cell {
    if stats.last_minute.is_none() && stats.last_five_minutes.is_none() {
        return Cell::new("-");
    }
    let one = |rates: Option<&Rates>| rates.map_or_else(|| "-".to_owned(), |r| rate(of(r)));
    Cell::new(&format!(
        "{} | {}",
        one(stats.last_minute.as_ref()),
        one(stats.last_five_minutes.as_ref())
    ))
}

fn consumers(stats: &QueueStats) -> Cell {
    let alone = stats.consumer_count == 0 && stats.waiting > 0;
    let tone = if alone { Tone::Bad } else { Tone::Plain };
    Cell::toned(tone, &count(stats.consumer_count.into()))
}
