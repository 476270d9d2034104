//! One transaction for the whole batch; while Postgres is away, wait.

use std::time::{Duration, SystemTime};

use rand::Rng;
use uuid::Uuid;
use waypost_store::{Batch, Outcome};
use waypost_telemetry::metrics::label::Stage;
use waypost_telemetry::metrics::worker;
use waypost_telemetry::trace;

use crate::context::Context;
use crate::echo::Echoes;
use crate::item::Item;
use crate::parse::Parsed;
use crate::rows;
use crate::spans::Spans;

/// First and longest pause between tries while Postgres is away.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// What became of an item in the database.
pub(crate) enum Fate {
    /// Its row is new.
    New {
        contact_id: Option<Uuid>,
        duplicate_of: Option<String>,
    },
    /// Its row was there. `published` is false when nobody can say whether its event went out.
    Known {
        published: bool,
        contact_id: Option<Uuid>,
    },
    /// Kept out by policy.
    Dropped,
    /// It can never be stored.
    Bad(String),
    /// The process is stopping before it could be stored.
    Open,
}

impl Fate {
    /// Whether the world is to be told of it: it is new, or nobody can say whether the world knows.
    pub(crate) fn is_news(&self) -> bool {
        matches!(
            self,
            Self::New { .. }
                | Self::Known {
                    published: false,
                    ..
                }
        )
    }
}

/// What became of a batch in the database.
pub(crate) struct Stored {
    /// One for each item, in order.
    pub(crate) fates: Vec<Fate>,
    /// A transaction had to begin again.
    pub(crate) retried: bool,
}

/// Stores every item.
///
/// While it waits, it goes on telling echoes that Redis has not taken yet: nobody who waits for one waits for Postgres.
pub(crate) async fn persist(
    context: &Context,
    parsed: &Parsed<'_>,
    echoes: &mut Echoes,
    spans: &mut Spans,
) -> Stored {
    let _timer = worker::BATCH_DURATION.of(Stage::Persist).start();
    let (since, mut attempt, mut retried) = (SystemTime::now(), 1, false);
    let mut last = trace::Context::NONE;
    let mut fates: Vec<Fate> = parsed.items.iter().map(|_| Fate::Open).collect();
    let mut open: Vec<usize> = (0..fates.len()).collect();
    let mut webhooks: Vec<_> = parsed.webhooks.iter().map(|w| rows::raw(w)).collect();
    let mut in_doubt = false;
    let mut pause = PAUSE.0;
    while !(open.is_empty() && webhooks.is_empty()) {
        let batch = Batch {
            webhooks: std::mem::take(&mut webhooks),
            items: open
                .iter()
                .filter_map(|&i| rows::row(&parsed.items[i]))
                .collect(),
        };
        let mut span = spans.persist(open.len(), attempt);
        let persisted = context.store.persist(&batch).await;
        if let Some(reason) = &persisted.unavailable {
            span.error(reason.to_string());
        }
        last = span.context();
        span.end();
        retried |= persisted.retried || persisted.unavailable.is_some();
        attempt += 1;
        let mut still_open = Vec::new();
        for (i, outcome) in open.into_iter().zip(persisted.outcomes) {
            match fate(outcome, &parsed.items[i], in_doubt) {
                Ok(fate) => fates[i] = fate,
                Err(_) => still_open.push(i),
            }
        }
        open = still_open;
        in_doubt |= persisted.commit_unknown;
        let Some(reason) = persisted.unavailable else {
            break;
        };
        // Rolled back together with the items; writing one twice changes nothing.
        webhooks = batch.webhooks;
        tracing::warn!(waiting = open.len(), ?pause, "Postgres: {reason}");
        context.postgres.fail(reason.to_string());
        echoes.tell(context).await;
        let rest = rand::rng().random_range(pause / 2..=pause);
        tokio::select! {
            () = tokio::time::sleep(rest) => {}
            () = context.stopping.cancelled() => return Stored { fates, retried },
        }
        pause = (pause * 2).min(PAUSE.1);
    }
    context.postgres.pass();
    mark(parsed, &fates, spans, since, last);
    Stored { fates, retried }
}

/// What each entry had of the transaction `batch`, which began at `since`.
fn mark(
    parsed: &Parsed<'_>,
    fates: &[Fate],
    spans: &mut Spans,
    since: SystemTime,
    batch: trace::Context,
) {
    for items in parsed.items.chunk_by(|a, b| a.entry == b.entry) {
        spans.stored(items[0].entry, items.len(), since, batch);
    }
    for (item, fate) in parsed.items.iter().zip(fates) {
        if matches!(fate, Fate::Known { .. } | Fate::Dropped) {
            spans.known(item.entry);
        }
    }
}

fn fate(
    outcome: Outcome,
    item: &Item<'_>,
    in_doubt: bool,
) -> Result<Fate, waypost_store::StoreError> {
    Ok(match outcome {
        Outcome::Stored {
            contact_id,
            duplicate_of,
            ..
        } => Fate::New {
            contact_id,
            duplicate_of,
        },
        Outcome::Known { contact_id } => Fate::Known {
            published: !(in_doubt || item.doubtful),
            contact_id,
        },
        Outcome::Dropped { .. } => Fate::Dropped,
        Outcome::Bad(error) => Fate::Bad(error.to_string()),
        Outcome::Unavailable(error) => return Err(error),
    })
}
