//! After the commit: events for what is new, then the memory of it.
//!
//! In this order, because a remembered effect is left out for good: it must never be remembered before its event
//! went out. An entry whose worker died in between is handed back marked, and its events go out again, with the
//! same ids.

use std::time::Duration;

use waypost_queue::QueueError;

use crate::context::Context;
use crate::events::add_events;
use crate::parse::Parsed;
use crate::persist::Fate;

/// Pause between tries while Redis is away.
const PAUSE: Duration = Duration::from_millis(250);
/// Events in one round trip, so that a large batch does not make one huge command.
const PAGE: usize = 1024;

/// Publishes and remembers. Goes on trying while Redis is away, since nobody else knows of these events; false when
/// the process stops before all went out.
pub(crate) async fn publish(context: &Context, parsed: &Parsed<'_>, fates: &[Fate]) -> bool {
    let mut events = Vec::with_capacity(fates.len());
    let mut done = Vec::with_capacity(fates.len());
    for (item, fate) in parsed.items.iter().zip(fates) {
        match fate {
            Fate::New {
                contact_id,
                duplicate_of,
            } => add_events(&mut events, item, *contact_id, duplicate_of.as_deref()),
            Fate::Known { published: false } => add_events(&mut events, item, None, None),
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

/// Waits before the next try; false when the process stops meanwhile. The batch is then not settled either: it is
/// handed on when the lease ends, and whoever gets it publishes.
async fn rest(context: &Context, error: &QueueError) -> bool {
    tracing::warn!("events wait for Redis: {error}");
    context.redis.fail(error.to_string());
    tokio::select! {
        () = tokio::time::sleep(PAUSE) => true,
        () = context.stopping.cancelled() => false,
    }
}
