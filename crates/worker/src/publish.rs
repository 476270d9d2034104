//! After the commit: events for what is new, then the memory of it.
//!
//! In this order, because a remembered effect is left out for good: it must never be remembered before its event
//! went out. An entry whose worker died in between is handed back marked, and its events go out again, with the
//! same ids.

use waypost_queue::QueueError;
use waypost_store::{MessageKey, Standing};
use waypost_whatsapp::UpdateBody;

use crate::context::Context;
use crate::events::{Beside, add_events};
use crate::item::{Content, Item};
use crate::parse::Parsed;
use crate::persist::Fate;

/// Events in one round trip, so that a large batch does not make one huge command.
const PAGE: usize = 1024;

/// Publishes and remembers. Goes on trying while Redis is away, since nobody else knows of these events; false when
/// the process stops before all went out.
pub(crate) async fn publish(context: &Context, parsed: &Parsed<'_>, fates: &[Fate]) -> bool {
    let Some(standings) = standings(context, parsed, fates).await else {
        return false;
    };
    let mut events = Vec::with_capacity(fates.len());
    let mut done = Vec::with_capacity(fates.len());
    for ((item, fate), standing) in parsed.items.iter().zip(fates).zip(&standings) {
        match fate {
            Fate::New { .. }
            | Fate::Known {
                published: false, ..
            } => {
                let beside = Beside::of(item, fate, standing.as_ref());
                add_events(&mut events, item, &beside);
            }
            Fate::Dropped => {}
            // Whoever stored it publishes it, and remembers it then. Were it remembered here, and the other died
            // before it could publish, the entry handed back would be left out and its event lost.
            Fate::Known {
                published: true, ..
            }
            | Fate::Bad(_)
            | Fate::Open => continue,
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

/// What the rows of messages tell beside the news of them, for each item; `None` when the process stops meanwhile.
///
/// It is asked after the commit. So of two that are stored at once, a message and news of it, one sees the other.
async fn standings(
    context: &Context,
    parsed: &Parsed<'_>,
    fates: &[Fate],
) -> Option<Vec<Option<Standing>>> {
    let items = parsed.items.iter().zip(fates).enumerate();
    let asked = items.filter_map(|(place, (item, fate))| Some((place, asks(item, fate)?)));
    let (places, keys): (Vec<usize>, Vec<MessageKey<'_>>) = asked.unzip();
    let mut standings: Vec<Option<Standing>> = parsed.items.iter().map(|_| None).collect();
    loop {
        match context.store.standings(&keys).await {
            Ok(found) => {
                for (place, standing) in places.into_iter().zip(found) {
                    standings[place] = standing;
                }
                return Some(standings);
            }
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

/// The message whose row has to be asked. Of one that came in just now the insert has told all there is.
fn asks<'i>(item: &'i Item<'_>, fate: &Fate) -> Option<MessageKey<'i>> {
    let came_in = match &item.content {
        Content::Update(update) => matches!(update.body, UpdateBody::Message(_)),
        Content::Send(_) | Content::Fact(_) => false,
    };
    let all_told = came_in && matches!(fate, Fate::New { .. });
    item.message().filter(|_| fate.is_news() && !all_told)
}

/// Waits before the next try; false when the process stops meanwhile. The batch is then not settled either: it is
/// handed on when the lease ends, and whoever gets it publishes.
async fn rest(context: &Context, error: &QueueError) -> bool {
    tracing::warn!("events wait for Redis: {error}");
    context.redis.fail(error.to_string());
    context.rest().await
}
