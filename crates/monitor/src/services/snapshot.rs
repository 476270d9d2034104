//! How the queues stand, read at one moment.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::Mutex;
use tonic::Status;
use waypost_queue::{InboxStats, NumberStats, OutboxStats};
use waypost_rpc::v1::{DeduplicationStats, GetStatsResponse};

use crate::convert::number::number;
use crate::convert::stats;
use crate::convert::time::stamp;
use crate::fault;
use crate::plane::Plane;

/// Most numbers in one answer.
const NUMBERS: usize = 1_000;
/// Names kept; beyond it those that nobody asks for any more are forgotten.
const MOST_NAMES: usize = 10_000;
/// For names alone nobody waits longer.
const PATIENCE: Duration = Duration::from_millis(500);
/// Names of numbers hardly ever change.
const SHOWN_FOR: Duration = Duration::from_secs(60);

/// What people see of numbers, by Meta's ids of them.
type Names = HashMap<String, String>;

/// Everything that an answer may be made of.
#[derive(Clone)]
pub(crate) struct Snapshot {
    pub(super) webhook: InboxStats,
    pub(super) message: OutboxStats,
    pub(super) fact: InboxStats,
    pub(super) remembered: u64,
    pub(super) numbers: Vec<NumberStats>,
    with_numbers: bool,
    shown: Arc<Names>,
    at: SystemTime,
}

/// What was read last. All who watch share it: Redis is asked once a second however many there are.
#[derive(Default)]
pub(crate) struct Snapshots {
    last: Mutex<Option<(Instant, Arc<Snapshot>)>>,
    shown: std::sync::Mutex<Option<(Instant, Arc<Names>)>>,
}

impl Snapshots {
    /// One that is not older than this.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub(crate) async fn within(
        &self,
        plane: &Plane,
        age: Duration,
        numbers: bool,
    ) -> Result<Arc<Snapshot>, Status> {
        // Whoever comes meanwhile waits for this one, which is fresh then.
        let mut last = self.last.lock().await;
        if let Some((read, snapshot)) = &*last
            && read.elapsed() <= age
            && (snapshot.with_numbers || !numbers)
        {
            return Ok(Arc::clone(snapshot));
        }
        let snapshot = Arc::new(Snapshot::read(plane, numbers).await?);
        *last = Some((Instant::now(), Arc::clone(&snapshot)));
        Ok(snapshot)
    }

    /// What people see of numbers. Without Postgres it is what was known, or nothing: figures must not wait for names.
    pub(super) async fn shown(&self, plane: &Plane, numbers: &[NumberStats]) -> Arc<Names> {
        let (read, known) = self.names();
        let stale = read.is_none_or(|read| read.elapsed() > SHOWN_FOR);
        let ids = numbers.iter().map(|number| &number.phone_number_id);
        let asked: Vec<String> = ids
            .filter(|id| stale || !known.contains_key(*id))
            .cloned()
            .collect();
        if asked.is_empty() {
            return known;
        }
        // Not under the lock: others go on with what is known.
        let found = tokio::time::timeout(PATIENCE, plane.store.displayed_numbers(&asked));
        let mut names = match stale && known.len() > MOST_NAMES {
            true => Names::new(),
            false => (*known).clone(),
        };
        if let Ok(Ok(found)) = found.await {
            names.extend(found);
        }
        // Asked for and not known: not to be asked for again at once.
        for id in asked {
            names.entry(id).or_default();
        }
        let names = Arc::new(names);
        let read = if stale {
            Instant::now()
        } else {
            read.unwrap_or_else(Instant::now)
        };
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((read, Arc::clone(&names)));
        names
    }

    fn names(&self) -> (Option<Instant>, Arc<Names>) {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        match &*shown {
            Some((read, names)) => (Some(*read), Arc::clone(names)),
            None => (None, Arc::default()),
        }
    }
}

impl Snapshot {
    /// Reads it now, one round trip a queue and partition.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub(crate) async fn read(plane: &Plane, with_numbers: bool) -> Result<Self, Status> {
        let busy = async {
            match with_numbers {
                true => plane.outbox.busy_numbers(NUMBERS).await,
                false => Ok(Vec::new()),
            }
        };
        let (webhook, message, fact, remembered, numbers) = tokio::try_join!(
            plane.inbox.stats(),
            plane.outbox.stats(),
            plane.facts.stats(),
            plane.memory.remembered(),
            busy,
        )
        .map_err(|error| fault::redis(&error))?;
        let shown = match numbers.is_empty() {
            true => Arc::default(),
            false => plane.snapshots.shown(plane, &numbers).await,
        };
        Ok(Self {
            webhook,
            message,
            fact,
            remembered,
            numbers,
            with_numbers,
            shown,
            at: SystemTime::now(),
        })
    }

    /// The answer made of it.
    pub(crate) fn tell(&self, plane: &Plane, numbers: bool, detail: bool) -> GetStatsResponse {
        let told = |stats: &NumberStats| number(stats.clone(), &self.shown, plane.default_limit);
        GetStatsResponse {
            webhook: Some(stats::inbox(&self.webhook, detail)),
            message: Some(stats::outbox(&self.message, detail)),
            deduplication: Some(DeduplicationStats {
                cached_messages: self.remembered,
            }),
            fact: Some(stats::inbox(&self.fact, detail)),
            numbers: match numbers {
                true => self.numbers.iter().map(told).collect(),
                false => Vec::new(),
            },
            read_at: Some(stamp(self.at)),
        }
    }
}
