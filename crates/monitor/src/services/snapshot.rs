//! How the queues stand, read at one moment.

use std::collections::HashMap;
use std::sync::Arc;
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
/// Names of numbers hardly ever change.
const SHOWN_FOR: Duration = Duration::from_secs(60);

/// What people see of numbers, by Meta's ids of them.
type Names = HashMap<String, String>;

/// Everything that an answer may be made of.
#[derive(Clone)]
pub(crate) struct Snapshot {
    webhook: InboxStats,
    message: OutboxStats,
    fact: InboxStats,
    remembered: u64,
    numbers: Vec<NumberStats>,
    shown: Arc<Names>,
    at: SystemTime,
}

/// What was read last. All who watch share it: Redis is asked once a second however many there are.
#[derive(Default)]
pub(crate) struct Snapshots {
    last: Mutex<Option<(Instant, Arc<Snapshot>)>>,
    shown: Mutex<Option<(Instant, Arc<Names>)>>,
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
    ) -> Result<Arc<Snapshot>, Status> {
        // Whoever comes meanwhile waits for this one, which is fresh then.
        let mut last = self.last.lock().await;
        if let Some((read, snapshot)) = &*last
            && read.elapsed() <= age
        {
            return Ok(Arc::clone(snapshot));
        }
        let snapshot = Arc::new(Snapshot::read(plane, true).await?);
        *last = Some((Instant::now(), Arc::clone(&snapshot)));
        Ok(snapshot)
    }

    /// What people see of numbers. Without Postgres it is what was known, or nothing: figures must not wait for names.
    pub(super) async fn shown(&self, plane: &Plane, numbers: &[NumberStats]) -> Arc<Names> {
        let mut shown = self.shown.lock().await;
        if let Some((read, shown)) = &*shown
            && read.elapsed() <= SHOWN_FOR
            && numbers
                .iter()
                .all(|n| shown.contains_key(&n.phone_number_id))
        {
            return Arc::clone(shown);
        }
        let ids: Vec<String> = numbers.iter().map(|n| n.phone_number_id.clone()).collect();
        let found = tokio::time::timeout(
            Duration::from_millis(500),
            plane.store.displayed_numbers(&ids),
        );
        let mut names = match found.await {
            Ok(Ok(names)) => names,
            _ => shown
                .as_ref()
                .map(|(_, names)| (**names).clone())
                .unwrap_or_default(),
        };
        // Asked for and not known: not to be asked for again at once.
        for id in ids {
            names.entry(id).or_default();
        }
        let names = Arc::new(names);
        *shown = Some((Instant::now(), Arc::clone(&names)));
        names
    }
}

impl Snapshot {
    /// Reads it now, one round trip a queue and partition.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub(crate) async fn read(plane: &Plane, numbers: bool) -> Result<Self, Status> {
        let busy = async {
            match numbers {
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
