//! One batch, from reservation to settlement.

use std::time::SystemTime;

use waypost_queue::{Batch, Consumer};
use waypost_telemetry::metrics::label::{BatchResult, Stage};
use waypost_telemetry::metrics::worker;
use waypost_telemetry::say;

use crate::context::Context;
use crate::count;
use crate::dedupe::dedupe;
use crate::echo::Echoes;
use crate::numbers::{learn, upgrade};
use crate::parse::{Parsed, parse};
use crate::persist::{Fate, Stored, persist};
use crate::publish::publish;
use crate::settle::settle;
use crate::spans::Spans;
use crate::take::Source;

/// A batch as it was taken.
pub(crate) struct Taken {
    pub(crate) source: Source,
    pub(crate) batch: Batch,
    /// When it was asked for.
    pub(crate) since: SystemTime,
}

/// Handles a batch. Whatever happens to this process meanwhile, the batch is either settled or handed on.
pub(crate) async fn work(context: &Context, consumer: &Consumer, taken: Taken) {
    worker::BATCH_ENTRIES.record(taken.batch.entries.len());
    let mut spans = Spans::of(taken.source, &taken.batch, taken.since);
    let result = handle(context, consumer, &taken.batch, &mut spans).await;
    if result == BatchResult::HandedBack {
        spans.hand_back();
    }
    worker::BATCHES.of(result).inc();
}

async fn handle(
    context: &Context,
    consumer: &Consumer,
    batch: &Batch,
    spans: &mut Spans,
) -> BatchResult {
    let mut parsed = parse(batch, &context.settings, spans);
    dedupe(context, &mut parsed, spans).await;
    let mut echoes = Echoes::of(&parsed);
    // If Redis is away now, it may be back when the batch is stored.
    echoes.tell(context).await;
    let Stored { fates, retried } = persist(context, &parsed, &mut echoes, spans).await;
    count::stored(&parsed, &fates);
    tell(&parsed, &fates);
    if !context.stopping.is_cancelled() {
        learn(context, &parsed).await;
    }
    if !echoes.tell_at_last(context).await
        || !upgrade(context, &parsed, &fates).await
        || !publish(context, &parsed, &fates, spans).await
    {
        // Only when stopping: whoever gets the batch next publishes what this one could not.
        return BatchResult::HandedBack;
    }
    let mut bad = std::mem::take(&mut parsed.bad);
    let mut open = 0;
    for (item, fate) in parsed.items.iter().zip(fates) {
        match fate {
            Fate::Bad(why) => bad.push(item.fail("rejected", why)),
            Fate::Open => open += 1,
            Fate::New { .. } | Fate::Known { .. } | Fate::Dropped => {}
        }
    }
    if open > 0 {
        // Only when stopping: the rest of the batch is done and recognised when another worker gets it.
        tracing::info!(
            open,
            "stopping with items not stored; the batch goes to another worker"
        );
        return BatchResult::HandedBack;
    }
    let newer = std::mem::take(&mut parsed.newer);
    drop(parsed);
    let _timer = worker::BATCH_DURATION.of(Stage::Settle).start();
    match settle(context, consumer, batch, bad, newer, spans).await {
        false => BatchResult::HandedBack,
        true if retried => BatchResult::Retried,
        true => BatchResult::Committed,
    }
}

/// A line for each entry, for whoever follows one.
fn tell(parsed: &Parsed<'_>, fates: &[Fate]) {
    if !tracing::enabled!(tracing::Level::DEBUG) {
        return;
    }
    let mut fates = fates.iter();
    for items in parsed.items.chunk_by(|a, b| a.entry == b.entry) {
        let fates = fates.by_ref().take(items.len());
        let new = fates
            .filter(|fate| matches!(fate, Fate::New { .. }))
            .count();
        let first = &items[0];
        let waited = first.envelope.received_at.elapsed().unwrap_or_default();
        say!(debug, first.about(), items = items.len(), new, since_accepted = ?waited, "stored");
    }
}
