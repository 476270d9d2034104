//! Compares what was found with what the sandbox knows must be there, row by row.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use waypost_sandbox::Plan;

use super::figures::Figures;

/// The table as it grows. Writing to its text cannot fail.
#[derive(Default)]
struct Table {
    text: String,
    wrong: usize,
}

/// The report, and how many figures are wrong.
pub(super) fn compare(plan: &Plan, figures: &Figures) -> (String, usize) {
    let (expected, tables) = (&plan.expected, &figures.tables);
    let mut table = Table::default();

    table.heading("messages (direction, type)");
    let mut messages: BTreeMap<String, u64> = BTreeMap::new();
    for row in &tables.messages {
        *messages
            .entry(format!("{} {}", row.direction, row.kind))
            .or_default() += row.count;
    }
    let wanted = expected
        .messages_by_type
        .iter()
        .map(|((way, kind), count)| (format!("{way} {kind}"), *count));
    table.rows(&wanted.collect(), &messages);

    table.heading("message_statuses (status)");
    let statuses = tables
        .statuses
        .iter()
        .map(|row| (row.name.clone(), row.count))
        .collect();
    table.rows(&expected.statuses_by_status, &statuses);

    table.heading("account_events (field)");
    let fields = tables
        .account_events
        .iter()
        .map(|row| (row.name.clone(), row.count))
        .collect();
    table.rows(&expected.account_events_by_field, &fields);

    table.heading("dedup, failures, refusals");
    table.row(
        "updates recognised as sent before",
        expected.redelivered_updates,
        recognised(figures),
    );
    table.row(
        "messages marked as repeated within 5 s",
        expected.marked_repetitions,
        tables.marked_duplicates,
    );
    table.row("failed_webhooks", expected.failed_webhooks, tables.failed);
    table.row("dead letters", expected.dead_letters, figures.dead_letters);
    table.row("webhooks refused (401)", expected.refused, figures.refused);
    table.row(
        "webhooks with any other wrong answer",
        0,
        figures.wrongly_answered,
    );

    table.heading("events in the stream (kind)");
    // The past that an account brings along is stored and is nobody's news.
    let past: u64 = tables
        .messages
        .iter()
        .filter(|row| row.origin == "history")
        .map(|row| row.count)
        .sum();
    let event = |kind: &str| figures.events.get(kind).copied().unwrap_or(0);
    table.row(
        "message",
        expected
            .messages_by_type
            .values()
            .sum::<u64>()
            .saturating_sub(past),
        event("message"),
    );
    table.row(
        "status",
        expected.statuses_by_status.values().sum(),
        event("status"),
    );
    table.row(
        "account",
        expected.account_events_by_field.values().sum(),
        event("account"),
    );
    table.note("contact", event("contact"));

    table.speed(figures);
    (table.text, table.wrong)
}

/// What came in and left neither a row nor a failure was known already.
fn recognised(figures: &Figures) -> u64 {
    let tables = &figures.tables;
    let rows = tables.message_total() + tables.status_total() + tables.account_total();
    let poison = tables.failed.saturating_sub(figures.accepted_malformed);
    figures.accepted_updates.saturating_sub(rows + poison)
}

impl Table {
    fn heading(&mut self, text: &str) {
        let _ = writeln!(self.text, "\n{text:<44} {:>8} {:>8}", "expected", "found");
    }

    /// Both sides, so that what should not be there shows too.
    fn rows(&mut self, expected: &BTreeMap<String, u64>, found: &BTreeMap<String, u64>) {
        let names: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
        for name in names {
            let of = |side: &BTreeMap<String, u64>| side.get(name).copied().unwrap_or(0);
            self.row(name, of(expected), of(found));
        }
    }

    fn row(&mut self, name: &str, expected: u64, found: u64) {
        let verdict = if expected == found { "OK" } else { "MISMATCH" };
        self.wrong += usize::from(expected != found);
        let _ = writeln!(
            self.text,
            "  {name:<42} {expected:>8} {found:>8}  {verdict}"
        );
    }

    /// A figure that nothing is expected of.
    fn note(&mut self, name: &str, found: u64) {
        let _ = writeln!(self.text, "  {name:<42} {:>8} {found:>8}", "-");
    }

    fn speed(&mut self, figures: &Figures) {
        let (Some(answers), Some(rows)) = (figures.answers, figures.latency) else {
            self.row("latencies measured", 1, 0);
            return;
        };
        let millis = |micros: u64| micros as f64 / 1_000.0;
        let _ = writeln!(
            self.text,
            "\nlatency\n  POST to answer (durable)           p50 {:.1} ms  p99 {:.1} ms  ({} webhooks)",
            millis(answers.p50),
            millis(answers.p99),
            answers.count,
        );
        let _ = writeln!(
            self.text,
            "  POST to committed row and event    p50 {} ms  p99 {} ms  ({} rows)\n",
            rows.p50, rows.p99, rows.count,
        );
    }
}

#[cfg(test)]
mod tests;
