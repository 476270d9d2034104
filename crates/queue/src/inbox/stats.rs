//! Figures of the inbox.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::try_join_all;
use serde::Serialize;

use super::Inbox;
use crate::envelope::received_at_of;
use crate::error::QueueError;
use crate::figures::{Member, PartitionFigures, Pause, Rates, Sample, at};
use crate::keys::PartitionKeys;
use crate::script;

/// Figures of the inbox, summed over its partitions.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct InboxStats {
    /// Entries that wait.
    pub waiting: u64,
    /// Entries that consumers hold.
    pub active: u64,
    /// Entries that wait for their next attempt.
    pub delayed: u64,
    /// Dead letters.
    pub dead: u64,
    /// Entries that came in since the counters exist: those that are there, and those that were done, given up or
    /// cleared.
    pub accepted: u64,
    /// Entries done since the counters exist.
    pub completed: u64,
    /// Entries given up since the counters exist, less those that were replayed.
    pub failed: u64,
    /// Entries thrown away by [`Inbox::clear`] since the counters exist.
    pub cleared: u64,
    /// Attempts that failed and were put off.
    pub retried: u64,
    /// Entries taken back from lapsed or leaving consumers.
    pub handed_back: u64,
    /// Consumers whose lease is alive.
    pub consumers: u64,
    /// Whether any partition is paused.
    pub paused: bool,
    /// Who has paused it, if it is.
    pub pause: Option<Pause>,
    /// Age of the entry that has waited longest, in milliseconds; absent when none waits.
    pub oldest_ms: Option<u64>,
    /// Age of the batch that consumers have held longest, in milliseconds; absent when none is held.
    pub oldest_batch_ms: Option<u64>,
    /// How fast things went lately.
    pub rates: Rates,
    /// Who takes from it, lapsed ones too.
    pub members: Vec<Member>,
    /// Each partition.
    pub partitions: Vec<PartitionFigures>,
}

type Raw = (
    u64,
    BTreeMap<String, String>,
    Vec<(String, u64)>,
    u64,
    u64,
    BTreeMap<String, i64>,
    String,
    Vec<u8>,
    BTreeMap<String, u64>,
    (u64, u64, u64, u64),
    Vec<String>,
);

impl Inbox {
    /// All figures; one round trip a partition, at a cost that does not grow with the depth.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn stats(&self) -> Result<InboxStats, QueueError> {
        let asked = self.queues.iter().map(|keys| self.ask(keys));
        let mut sum = InboxStats::default();
        let (mut notes, partitions) = (Vec::new(), try_join_all(asked).await?);
        for (partition, raw) in (0..).zip(&partitions) {
            sum.add(partition, raw);
            notes.push(raw.6.clone());
        }
        sum.pause = Pause::of_queue(&notes);
        sum.paused = sum.pause.is_some();
        Ok(sum)
    }

    async fn ask(&self, keys: &PartitionKeys) -> Result<Raw, QueueError> {
        Ok(script::STATS
            .key(&keys.ready)
            .key(&keys.held)
            .key(&keys.leases)
            .key(&keys.delayed)
            .key(&keys.dead)
            .key(&keys.counters)
            .key(&keys.paused)
            .key(&keys.beats)
            .key(&keys.samples)
            .invoke_async(&mut self.redis.connection())
            .await?)
    }
}

impl InboxStats {
    /// Whether nothing waits, is held or is put off.
    pub const fn is_drained(&self) -> bool {
        self.waiting == 0 && self.active == 0 && self.delayed == 0
    }

    fn add(&mut self, partition: u16, raw: &Raw) {
        let (
            waiting,
            held,
            leases,
            delayed,
            dead,
            counters,
            paused,
            oldest,
            beats,
            moment,
            samples,
        ) = raw;
        let (now, accepted, completed, failed) = *moment;
        let counter = |name: &str| {
            let value = counters.get(name).copied().unwrap_or(0);
            u64::try_from(value).unwrap_or(0)
        };
        let active: u64 = held.values().filter_map(|value| entries_of(value)).sum();
        self.waiting += waiting;
        self.active += active;
        self.delayed += delayed;
        self.dead += dead;
        self.accepted += accepted;
        self.completed += counter("completed");
        self.failed += counter("failed");
        self.cleared += counter("cleared");
        self.retried += counter("retried");
        self.handed_back += counter("handed_back");
        let age = received_at_of(oldest).map(|at| now.saturating_sub(at));
        self.oldest_ms = self.oldest_ms.max(age);
        let reserved_at = |value: &String| value.rsplit(':').next()?.parse::<u64>().ok();
        let batch = held.values().filter_map(reserved_at).min();
        let batch_age = batch.map(|at| now.saturating_sub(at));
        self.oldest_batch_ms = self.oldest_batch_ms.max(batch_age);
        let moment = Sample {
            at: now,
            accepted,
            completed,
            failed,
        };
        self.rates
            .add(&Rates::of(&moment, &Sample::read_all(samples)));
        let held_by = |id: &str| {
            let theirs = held.iter().filter(|(name, _)| batch_is_of(name, id));
            theirs.filter_map(|(_, value)| entries_of(value)).sum()
        };
        let members = leases.iter().map(|(id, end)| Member {
            id: id.clone(),
            partition,
            lease_ends_at: at(*end),
            last_heartbeat_at: at(beats.get(id).copied().unwrap_or(now.min(*end))),
            active: held_by(id),
            lapsed: *end < now,
        });
        self.members.extend(members);
        self.consumers += leases.iter().filter(|(_, end)| *end >= now).count() as u64;
        self.partitions.push(PartitionFigures {
            partition,
            waiting: *waiting,
            active,
            delayed: *delayed,
            dead: *dead,
            oldest_ms: age,
            paused: !paused.is_empty(),
            ..PartitionFigures::default()
        });
    }

    /// Age of the entry that has waited longest.
    pub fn oldest(&self) -> Option<Duration> {
        self.oldest_ms.map(Duration::from_millis)
    }
}

/// Entries of a batch: `held` has `<entries>:<reserved at>`.
fn entries_of(value: &str) -> Option<u64> {
    value.split(':').next()?.parse().ok()
}

/// `held` names a batch `<consumer>/<n>`.
fn batch_is_of(name: &str, consumer: &str) -> bool {
    name.strip_prefix(consumer)
        .is_some_and(|rest| rest.starts_with('/'))
}
