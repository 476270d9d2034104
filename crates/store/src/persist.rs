//! The hot path: a batch becomes rows.
//!
//! A batch is one transaction, [`attempt`], and in the usual case that is all: look up what is known, write what is new,
//! one commit. A thousand items, copied in, cost about ten round trips; a few, inserted, cost four, since latency counts where
//! a batch is small and cost where it is large (`bulk`). What else can happen:
//!
//! - Deadlock, serialization failure, a lost race, a need for the exclusive lock: the same transaction again, at once.
//! - An error that is not the row's fault (no connection, no disk, no table): everything not yet committed comes back as
//!   [`Outcome::Unavailable`].
//! - An error that is some row's fault: the raw webhooks are written by themselves, and the items are halved until the bad
//!   one stands alone, each half in a transaction of its own.
//!
//! After each commit [`project`] brings the state of the sent messages concerned up to date. It runs for items that were
//! known too, because whoever stored them may have died between the two.

mod accounts;
mod attempt;
mod facts;
mod messages;
mod project;
mod relieve;
mod rows;
mod sends;
mod statuses;
mod webhooks;
mod window;

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use deadpool_postgres::Object;
use tokio_postgres::error::SqlState;

use crate::store::{GRACE, discard_if_suspect};
use crate::{Batch, Item, Outcome, Persisted, RawWebhook, Store, StoreError};
pub(crate) use project::{project, project_range};

/// Why a transaction did not come to its end.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Postgres said no.
    Error(StoreError),
    /// A contact must be merged or must give something up: once more, alone in its account.
    NeedExclusive,
    /// Another batch wrote one of our rows just before we did: once more, and it will be found.
    Raced,
}

impl<E: Into<StoreError>> From<E> for Stop {
    fn from(error: E) -> Self {
        match error.into() {
            // Every row was looked for before it was written, so it has come into being since.
            StoreError::Data { code, .. } if code == SqlState::UNIQUE_VIOLATION.code() => {
                Self::Raced
            }
            error => Self::Error(error),
        }
    }
}

/// Runs of one transaction before it counts as unavailable. A deadlock is rare and resolves for one of two at a time.
const RUNS: u32 = 6;

impl Store {
    /// Writes a batch. It never fails as a whole: each item has its own outcome. May be called again with the same items
    /// any number of times, from any number of processes.
    pub async fn persist(&self, batch: &Batch<'_>) -> Persisted {
        let mut run = Run {
            store: self,
            items: &batch.items,
            client: None,
            outcomes: batch.items.iter().map(|_| None).collect(),
            commit_unknown: false,
            retried: false,
            unavailable: None,
        };
        let keep = !self.settings().retention.is_zero();
        let webhooks: &[RawWebhook<'_>] = if keep { &batch.webhooks } else { &[] };
        run.all(webhooks).await;
        run.into_persisted()
    }
}

/// One call of [`Store::persist`].
struct Run<'r, 'a> {
    store: &'r Store,
    items: &'r [Item<'a>],
    client: Option<Object>,
    outcomes: Vec<Option<Outcome>>,
    commit_unknown: bool,
    retried: bool,
    unavailable: Option<StoreError>,
}

impl<'a> Run<'_, 'a> {
    async fn all(&mut self, webhooks: &[RawWebhook<'a>]) {
        let whole = 0..self.items.len();
        if whole.is_empty() && webhooks.is_empty() {
            return;
        }
        match self.range(whole.clone(), webhooks).await {
            Ok(()) => {}
            Err(error) if error.is_transient() => self.unavailable(whole, &error),
            Err(error) => {
                // Raw webhooks are kept whatever becomes of their items.
                if !webhooks.is_empty()
                    && let Err(error) = self.range(0..0, webhooks).await
                    && error.is_transient()
                {
                    return self.unavailable(whole, &error);
                }
                self.halve(whole, error).await;
            }
        }
    }

    /// Finds the items that are to blame for `error` in `range`, and writes all the others.
    async fn halve(&mut self, range: Range<usize>, error: StoreError) {
        self.retried = true;
        let mut left = Vec::new();
        self.split(range, error, &mut left);
        while let Some(range) = left.pop() {
            match self.range(range.clone(), &[]).await {
                Ok(()) => {}
                Err(error) if error.is_transient() => {
                    self.unavailable(range, &error);
                    for range in left.drain(..) {
                        self.unavailable(range, &error);
                    }
                }
                Err(error) => self.split(range, error, &mut left),
            }
        }
    }

    fn split(&mut self, range: Range<usize>, error: StoreError, left: &mut Vec<Range<usize>>) {
        match range.len() {
            0 => {}
            1 => self.outcomes[range.start] = Some(Outcome::Bad(error)),
            length => {
                let middle = range.start + length / 2;
                left.push(middle..range.end);
                left.push(range.start..middle);
            }
        }
    }

    fn unavailable(&mut self, range: Range<usize>, error: &StoreError) {
        self.unavailable = Some(error.clone());
        for outcome in &mut self.outcomes[range] {
            *outcome = Some(Outcome::Unavailable(error.clone()));
        }
    }

    /// Writes a range of items in one transaction, then projects.
    async fn range(
        &mut self,
        range: Range<usize>,
        webhooks: &[RawWebhook<'a>],
    ) -> Result<(), StoreError> {
        let items = &self.items[range.clone()];
        let outcomes = self.transaction(items, webhooks).await?;
        for (place, outcome) in self.outcomes[range].iter_mut().zip(outcomes) {
            *place = Some(outcome);
        }
        if let Some(client) = &self.client
            && let Err(error) = self.store.within(project(client, items)).await
        {
            // The rows are committed, and that is what the outcomes say. The maintenance goes over what was missed here.
            tracing::warn!(%error, "could not project statuses; the next maintenance will");
            self.discard(&error);
        }
        Ok(())
    }

    async fn transaction(
        &mut self,
        items: &[Item<'a>],
        webhooks: &[RawWebhook<'a>],
    ) -> Result<Vec<Outcome>, StoreError> {
        let mut exclusive = attempt::needs_exclusive(items);
        let limit = self.store.settings().statement_timeout + GRACE;
        let mut last = StoreError::Timeout("the transaction kept meeting others");
        for _ in 0..RUNS {
            let mut client = match self.client.take() {
                Some(client) => client,
                None => self.store.client().await?,
            };
            let committing = AtomicBool::new(false);
            let attempt = attempt::attempt(
                &mut client,
                self.store.settings(),
                items,
                webhooks,
                exclusive,
                &committing,
            );
            let result = match tokio::time::timeout(limit, Box::pin(attempt)).await {
                Ok(result) => result,
                Err(_) => Err(StoreError::timeout("the transaction took too long").into()),
            };
            self.client = Some(client);
            match result {
                Ok(outcomes) => return Ok(outcomes),
                Err(Stop::NeedExclusive) => exclusive = true,
                Err(Stop::Raced) => {}
                Err(Stop::Error(error)) if error.is_conflict() => last = error,
                Err(Stop::Error(error)) => {
                    self.commit_unknown |=
                        committing.load(Ordering::Relaxed) && leaves_commit_open(&error);
                    Box::pin(self.relieve(&error)).await;
                    self.discard(&error);
                    return Err(error);
                }
            }
            self.retried = true;
        }
        Err(last)
    }

    /// Makes way for the next try, when this one met a process that stands still.
    async fn relieve(&self, error: &StoreError) {
        let (true, Some(client)) = (relieve::waited_too_long(error), &self.client) else {
            return;
        };
        match self.store.within(relieve::relieve(client)).await {
            Ok(0) => {}
            Ok(ended) => tracing::warn!(ended, "ended transactions of processes that stand still"),
            Err(error) => tracing::warn!(%error, "could not look for processes that stand still"),
        }
    }

    fn discard(&mut self, error: &StoreError) {
        if let Some(client) = self.client.take()
            && let Some(client) = discard_if_suspect(client, error)
        {
            self.client = Some(client);
        }
    }

    fn into_persisted(mut self) -> Persisted {
        let not_tried = || StoreError::Timeout("the item was not tried");
        if self.outcomes.iter().any(Option::is_none) {
            self.unavailable.get_or_insert_with(not_tried);
        }
        let missing = || Outcome::Unavailable(not_tried());
        Persisted {
            outcomes: self
                .outcomes
                .into_iter()
                .map(|outcome| outcome.unwrap_or_else(missing))
                .collect(),
            commit_unknown: self.commit_unknown,
            retried: self.retried,
            unavailable: self.unavailable,
        }
    }
}

/// Whether a failed COMMIT may have been carried out: no answer came, or only that the server is going down.
fn leaves_commit_open(error: &StoreError) -> bool {
    match error {
        StoreError::Connection(_) | StoreError::Timeout(_) => true,
        StoreError::Server { code, .. } => code.starts_with("57") || code.starts_with("08"),
        _ => false,
    }
}
