//! What the metrics are told of items.

use waypost_queue::Kind;
use waypost_telemetry::metrics::label::{DedupLevel, ItemKind, ItemResult};
use waypost_telemetry::metrics::worker;
use waypost_whatsapp::UpdateBody;

use crate::item::{Content, Item};
use crate::parse::Parsed;
use crate::persist::Fate;

/// The kind of an item.
pub(crate) fn kind(item: &Item<'_>) -> ItemKind {
    match &item.content {
        Content::Send(_) => ItemKind::Send,
        Content::Fact(_) => ItemKind::Fact,
        Content::Update(update) => match update.body {
            UpdateBody::Status(_) => ItemKind::Status,
            UpdateBody::Account(_) => ItemKind::Account,
            UpdateBody::Message(_)
            | UpdateBody::Echo(_)
            | UpdateBody::History(_)
            | UpdateBody::Malformed { .. } => ItemKind::Message,
        },
    }
}

/// The memory in Redis knew it.
pub(crate) fn remembered(item: &Item<'_>) {
    count(kind(item), ItemResult::Duplicate);
    worker::DEDUP.of(DedupLevel::Memory).inc();
}

/// Something of this kind was refused.
pub(crate) fn failed(kind: ItemKind) {
    count(kind, ItemResult::Failed);
}

/// What became of all items in the database, and how long their entries took to get there.
pub(crate) fn stored(parsed: &Parsed<'_>, fates: &[Fate]) {
    let mut last = None;
    for (item, fate) in parsed.items.iter().zip(fates) {
        let kind = kind(item);
        match fate {
            Fate::New { duplicate_of, .. } if duplicate_of.is_none() => {
                count(kind, ItemResult::New);
            }
            Fate::New { .. } | Fate::Dropped => {
                count(kind, ItemResult::Window);
                worker::DEDUP.of(DedupLevel::Window).inc();
            }
            Fate::Known { .. } => {
                count(kind, ItemResult::Duplicate);
                worker::DEDUP.of(key(kind)).inc();
            }
            Fate::Bad(_) => {
                failed(kind);
                continue;
            }
            // Whoever gets it next counts it.
            Fate::Open => continue,
        }
        if item.envelope.kind == Kind::Webhook && last != Some(item.entry) {
            worker::COMMITTED_LATENCY.since(item.envelope.received_at);
        }
        last = Some(item.entry);
    }
}

/// What recognises a second one in the tables.
const fn key(kind: ItemKind) -> DedupLevel {
    match kind {
        ItemKind::Account => DedupLevel::Content,
        _ => DedupLevel::Database,
    }
}

fn count(kind: ItemKind, result: ItemResult) {
    worker::ITEMS.of((kind, result)).inc();
}
