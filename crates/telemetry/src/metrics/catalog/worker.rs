//! Metrics of the worker.

use super::{buckets, catalog};
use crate::metrics::family::Unit;
use crate::metrics::label::{BatchResult, DedupLevel, EventKind, ItemKind, ItemResult, Stage};

catalog! {
    counter BATCHES: BatchResult, "waypost_batches_total", Unit::None,
        "Batches by what became of them: `retried` had to begin its transaction again, `handed_back` went to another worker.";
    amounts BATCH_ENTRIES: (), "waypost_batch_entries", buckets::GROUP,
        "Entries in a batch.";
    durations BATCH_DURATION: Stage, "waypost_batch_duration_seconds", buckets::STEP,
        "How long each stage of a batch took; `reserve` counts only when there was something to take.";
    counter ITEMS: (ItemKind, ItemResult), "waypost_items_total", Unit::None,
        "Items handled: `duplicate` was known by its id, `window` by the five-second window, `failed` was refused by parser or Postgres.";
    counter DEDUP: DedupLevel, "waypost_dedup_total", Unit::None,
        "Duplicates by what recognised them: the memory in Redis, the five-second window, the unique keys of Postgres, or the hash of the content.";
    durations COMMITTED_LATENCY: (), "waypost_committed_latency_seconds", buckets::WAY,
        "From the moment at which a webhook was accepted to the commit of its batch.";
    durations DELIVERED_LATENCY: (), "waypost_delivered_latency_seconds", buckets::DELIVERY,
        "From sent to delivered, by Meta's own timestamps.";
    counter EVENTS_PUBLISHED: EventKind, "waypost_events_published_total", Unit::None,
        "Events appended to the stream that realtime reads.";
    counter FAILED_WEBHOOKS: (), "waypost_failed_webhooks_total", Unit::None,
        "Updates that were given up and written to `failed_webhooks`.";
}
