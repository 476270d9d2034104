//! Leaves out what Redis remembers as committed.

use std::collections::HashSet;

use uuid::Uuid;

use crate::context::Context;
use crate::count;
use crate::parse::Parsed;
use crate::spans::Spans;

/// Drops known items. A remembered effect was committed and its event published, so nothing is left to do for it.
///
/// Memory that cannot be asked is no reason to wait: Postgres decides in any case.
pub(crate) async fn dedupe(context: &Context, parsed: &mut Parsed<'_>, spans: &mut Spans) {
    let effects: Vec<_> = parsed.items.iter().map(|item| item.effect).collect();
    let known = match context.memory.known(&effects).await {
        Ok(known) => known,
        Err(error) => {
            tracing::debug!("memory of effects not asked: {error}");
            return;
        }
    };
    let before = parsed.items.len();
    for (item, _) in parsed.items.iter().zip(&known).filter(|(_, known)| **known) {
        count::remembered(item);
        spans.known(item.entry);
    }
    let mut known = known.into_iter();
    parsed.items.retain(|_| !known.next().unwrap_or(false));
    let dropped = before - parsed.items.len();
    if dropped == 0 {
        return;
    }
    tracing::debug!(dropped, "redelivered");
    // A redelivery that brought nothing new need not be kept as received either.
    let fresh: HashSet<Uuid> = parsed
        .items
        .iter()
        .map(|item| item.envelope.request_id)
        .chain(parsed.bad.iter().map(|bad| bad.envelope.request_id))
        .collect();
    parsed
        .webhooks
        .retain(|webhook| fresh.contains(&webhook.request_id));
}
