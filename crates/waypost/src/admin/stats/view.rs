//! What `stats` shows: the figures, then in words what needs a look.

use waypost_rpc::v1::{GetStatsResponse, QueueStats};

use super::queues;
use crate::admin::cli::Stats;
use crate::admin::text::{Cell, Look, Table, Tone, count, counted, time};
use crate::admin::{hold, number};

pub(super) fn view(
    stats: &GetStatsResponse,
    arguments: &Stats,
    address: &str,
    look: &Look,
) -> String {
    // Ages are told by the monitor's clock, from the moment that it looked.
    let now = stats.read_at.as_ref().map_or(look.now, time::millis);
    let look = &Look { now, ..*look };
    let none = QueueStats::default();
    let queues = [
        ("webhook", stats.webhook.as_ref().unwrap_or(&none)),
        ("message", stats.message.as_ref().unwrap_or(&none)),
        ("fact", stats.fact.as_ref().unwrap_or(&none)),
    ];
    let mut text = format!("{}\n\n", head(stats, address, look));
    text.push_str(&queues::table(&queues, look));
    text.push_str(&look.dim("rates: the last minute | the last five minutes"));
    text.push('\n');
    let notes = notes(&queues, look);
    if !notes.is_empty() {
        text.push_str(&format!("\n{}", notes.concat()));
    }
    if arguments.numbers {
        text.push_str(&format!("\n{}", number::table(&stats.numbers, look)));
    }
    if arguments.consumers {
        text.push_str(&format!("\n{}", consumers(&queues, look)));
        text.push_str(&format!("\n{}", partitions(&queues, look)));
    }
    text
}

fn head(stats: &GetStatsResponse, address: &str, look: &Look) -> String {
    let at = stats.read_at.as_ref().map(time::stamp).unwrap_or_default();
    let remembered = stats.deduplication.unwrap_or_default().cached_messages;
    format!(
        "{}  {at}  {}",
        look.bold(&format!("Waypost at {address}")),
        look.dim(&format!("{} remembered", counted(remembered, "id")))
    )
}

/// What needs a look, and the command for it.
fn notes(queues: &[(&str, &QueueStats)], look: &Look) -> Vec<String> {
    let mut notes = Vec::new();
    let mut note = |tone, text: String| {
        let text = look.wrap(&text, 2);
        notes.push(format!("{} {text}\n", look.paint.with(tone, "!")));
    };
    for (name, queue) in queues {
        if let Some(pause) = &queue.paused {
            note(
                Tone::Warn,
                hold::words(&format!("{name}: paused"), pause, look.now),
            );
        }
        if queue.consumer_count == 0 && queue.waiting + queue.active > 0 {
            note(
                Tone::Bad,
                format!("{name}: no consumer is alive, so nothing is taken off this queue"),
            );
        }
        if queue.unknown > 0 {
            let unknown = counted(queue.unknown, "message");
            note(
                Tone::Warn,
                format!(
                    "{unknown} with unknown outcome: waypost message list --state unknown (or held)"
                ),
            );
        }
        if queue.dead > 0 {
            let dead = counted(queue.dead, "dead letter");
            note(
                Tone::Bad,
                format!("{name}: {dead}: waypost dead list --queue {name}"),
            );
        }
    }
    notes
}

fn consumers(queues: &[(&str, &QueueStats)], look: &Look) -> String {
    let mut table = Table::new(&[
        "queue",
        ">part",
        ">active",
        ">heard of",
        "lease",
        "consumer",
    ]);
    for (name, queue) in queues {
        for consumer in &queue.consumers {
            let when = |at: &Option<_>| {
                at.as_ref()
                    .map_or_else(|| "-".to_owned(), |at| time::relative(at, look.now))
            };
            let lease = match consumer.lapsed {
                true => Cell::toned(Tone::Bad, "over"),
                false => Cell::from(format!("ends {}", when(&consumer.lease_expires_at))),
            };
            table.row(vec![
                Cell::new(name),
                Cell::from(consumer.partition.to_string()),
                Cell::from(count(consumer.active)),
                Cell::from(when(&consumer.last_heartbeat_at)),
                lease,
                Cell::new(&consumer.id),
            ]);
        }
    }
    table.render(look)
}

fn partitions(queues: &[(&str, &QueueStats)], look: &Look) -> String {
    let mut table = Table::new(&[
        "queue", ">part", ">waiting", ">active", ">delayed", ">dead", "state",
    ]);
    for (name, queue) in queues {
        for partition in &queue.partitions {
            let state = match partition.paused {
                true => Cell::toned(Tone::Warn, "paused"),
                false => Cell::new("runs"),
            };
            let figures = [
                partition.waiting,
                partition.active,
                partition.delayed,
                partition.dead,
            ];
            let mut cells = vec![Cell::new(name), Cell::from(partition.partition.to_string())];
            cells.extend(figures.map(|figure| Cell::from(count(figure))));
            cells.push(state);
            table.row(cells);
        }
    }
    table.render(look)
}
