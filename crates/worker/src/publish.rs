//! After the commit: events for what is new, then the memory of it.
//!
//! In this order, because a remembered effect is left out for good: it must never be remembered before its event
//! went out. An entry whose worker died in between is handed back marked, and its events go out again, with the
//! same ids.

use std::time::Duration;

use waypost_model::Event;
use waypost_queue::QueueError;
use waypost_store::{MessageKey, Standing};
use waypost_telemetry::metrics::label::{EventKind, Stage};
use waypost_telemetry::metrics::worker;
use waypost_telemetry::trace::{Span, names};
use waypost_whatsapp::{Status, UpdateBody};

use crate::context::Context;
use crate::events::{Beside, add_events};
use crate::item::{Content, Item};
use crate::parse::Parsed;
use crate::persist::Fate;
use crate::spans::Spans;

/// Events in one round trip, so that a large batch does not make one huge command.
const PAGE: usize = 1024;

/// Publishes and remembers. Goes on trying while Redis is away, since nobody else knows of these events; false when
/// the process stops before all went out.
pub(crate) async fn publish(
    context: &Context,
    parsed: &Parsed<'_>,
    fates: &[Fate],
    spans: &mut Spans,
) -> bool {
    let _timer = worker::BATCH_DURATION.of(Stage::Publish).start();
    let mut span = spans.publish();
    let Some(standings) = standings(context, parsed, fates).await else {
        return false;
    };
    let mut events = Vec::with_capacity(fates.len());
    let mut done = Vec::with_capacity(fates.len());
    let mut announced = Announced::default();
    for ((item, fate), standing) in parsed.items.iter().zip(fates).zip(&standings) {
        match fate {
            Fate::New { .. }
            | Fate::Known {
                published: false, ..
            } => {
                let beside = Beside::of(item, fate, standing.as_ref());
                let before = events.len();
                add_events(&mut events, item, &beside);
                announced.mark(&mut events[before..], item, &span);
                if let Some(standing) = standing {
                    heard(item, standing, spans);
                }
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
    span.set(names::BATCH_COUNT, events.len());
    for page in events.chunks(PAGE) {
        while let Err(error) = context.events.publish(page).await {
            span.error(error.to_string());
            if !rest(context, &error).await {
                return false;
            }
        }
        page.iter().for_each(count);
    }
    drop((span, announced));
    // Only saves work later, so one try is enough.
    if let Err(error) = context.memory.remember(&done).await {
        tracing::debug!("effects not remembered: {error}");
    }
    true
}

/// The spans of what is about to be published, one for each entry.
#[derive(Default)]
struct Announced {
    open: Vec<Span>,
    /// Entry of the last one, and how its events carry it.
    last: Option<(usize, String)>,
}

impl Announced {
    /// Puts the events of an item into the trace of its entry. Items of one entry follow each other.
    fn mark(&mut self, events: &mut [Event], item: &Item<'_>, batch: &Span) {
        if events.is_empty() {
            return;
        }
        if self
            .last
            .as_ref()
            .is_none_or(|(entry, _)| *entry != item.entry)
        {
            let span = Spans::announce(item.context, batch);
            self.last = Some((item.entry, span.context().traceparent()));
            self.open.push(span);
        }
        if let Some((_, traceparent)) = &self.last {
            let carry = |event: &mut Event| event.traceparent.clone_from(traceparent);
            events.iter_mut().for_each(carry);
        }
    }
}

/// What the status of a message tells together with its row.
fn heard(item: &Item<'_>, standing: &Standing, spans: &mut Spans) {
    let Content::Update(update) = &item.content else {
        return;
    };
    let UpdateBody::Status(status) = &update.body else {
        return;
    };
    if let Some(took) = delivered_after(status, standing) {
        worker::DELIVERED_LATENCY.record(took);
    }
    if standing.sending.is_some() {
        let trace = standing.trace_id.as_deref();
        spans.heard(item.entry, standing.id, trace, &status.status);
    }
}

/// From sent to delivered. Both are Meta's, but they may come from two of its clocks.
fn delivered_after(status: &Status<'_>, standing: &Standing) -> Option<Duration> {
    let delivered = status.timestamp.filter(|_| status.status == "delivered")?;
    let took = delivered.duration_since(standing.sent_at?);
    Some(took.unwrap_or_default())
}

fn count(event: &Event) {
    let kind = match event.kind {
        waypost_model::EventKind::Message => EventKind::Message,
        waypost_model::EventKind::Status => EventKind::Status,
        waypost_model::EventKind::Contact => EventKind::Contact,
        waypost_model::EventKind::Account => EventKind::Account,
    };
    worker::EVENTS_PUBLISHED.of(kind).inc();
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
