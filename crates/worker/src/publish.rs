//! After the commit: events for what is new, then the memory of it.
//!
//! In this order, because a remembered effect is left out for good: it must never be remembered before its event
//! went out. An entry whose worker died in between is handed back marked, and its events go out again, with the
//! same ids.

use std::collections::HashMap;

use uuid::Uuid;
use waypost_queue::QueueError;

use crate::context::Context;
use crate::events::add_events;
use crate::item::{Content, Item};
use crate::parse::Parsed;
use crate::persist::Fate;

/// Events in one round trip, so that a large batch does not make one huge command.
const PAGE: usize = 1024;

/// Publishes and remembers. Goes on trying while Redis is away, since nobody else knows of these events; false when
/// the process stops before all went out.
pub(crate) async fn publish(context: &Context, parsed: &Parsed<'_>, fates: &[Fate]) -> bool {
    let Some(callbacks) = callbacks(context, parsed, fates).await else {
        return false;
    };
    let mut events = Vec::with_capacity(fates.len());
    let mut done = Vec::with_capacity(fates.len());
    for (item, fate) in parsed.items.iter().zip(fates) {
        let callback = item.our_id().and_then(|id| callbacks.get(&id));
        let callback = callback.map(String::as_str);
        match fate {
            Fate::New {
                contact_id,
                duplicate_of,
            } => {
                let of = duplicate_of.as_deref();
                add_events(&mut events, item, *contact_id, of, callback);
            }
            Fate::Known { published: false } => {
                add_events(&mut events, item, None, None, callback);
            }
            Fate::Dropped => {}
            // Whoever stored it publishes it, and remembers it then. Were it remembered here, and the other died
            // before it could publish, the entry handed back would be left out and its event lost.
            Fate::Known { published: true } | Fate::Bad(_) | Fate::Open => continue,
        }
        done.push(item.effect);
    }
    for page in events.chunks(PAGE) {
        while let Err(error) = context.events.publish(page).await {
            if !rest(context, &error).await {
                return false;
            }
        }
    }
    // Only saves work later, so one try is enough.
    if let Err(error) = context.memory.remember(&done).await {
        tracing::debug!("effects not remembered: {error}");
    }
    true
}

/// What the senders gave with the messages of whose progress there is news; `None` when the process stops meanwhile.
async fn callbacks(
    context: &Context,
    parsed: &Parsed<'_>,
    fates: &[Fate],
) -> Option<HashMap<Uuid, String>> {
    let tells = |item: &Item<'_>, fate: &Fate| {
        matches!(fate, Fate::New { .. } | Fate::Known { published: false })
            && !matches!(item.content, Content::Send(_))
    };
    let items = parsed.items.iter().zip(fates);
    let mut ids: Vec<Uuid> = items
        .filter(|(item, fate)| tells(item, fate))
        .filter_map(|(item, _)| item.our_id())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    loop {
        match context.store.callbacks(&ids).await {
            Ok(callbacks) => return Some(callbacks),
            Err(error) => {
                tracing::warn!("events wait for Postgres: {error}");
                context.postgres.fail(error.to_string());
            }
        }
        if !context.rest().await {
            return None;
        }
    }
}

/// Waits before the next try; false when the process stops meanwhile. The batch is then not settled either: it is
/// handed on when the lease ends, and whoever gets it publishes.
async fn rest(context: &Context, error: &QueueError) -> bool {
    tracing::warn!("events wait for Redis: {error}");
    context.redis.fail(error.to_string());
    context.rest().await
}
