//! What an operator does with the inbox: look, pause, resume.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use serde::Serialize;

use crate::connect::Redis;
use crate::dead::DeadLetters;
use crate::envelope::{millis, received_at_of};
use crate::error::QueueError;
use crate::keys::PartitionKeys;
use crate::script;

/// The inbox as a whole, all partitions.
#[derive(Clone)]
pub struct Inbox {
    redis: Redis,
    queues: Vec<PartitionKeys>,
}

/// Figures of the inbox, summed over its partitions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct InboxStats {
    /// Entries that wait.
    pub waiting: u64,
    /// Entries that consumers hold.
    pub active: u64,
    /// Entries that wait for their next attempt.
    pub delayed: u64,
    /// Dead letters.
    pub dead: u64,
    /// Entries done since the counters exist.
    pub completed: u64,
    /// Entries given up since the counters exist.
    pub failed: u64,
    /// Attempts that failed and were put off.
    pub retried: u64,
    /// Entries taken back from lapsed or leaving consumers.
    pub handed_back: u64,
    /// Consumers whose lease is alive.
    pub consumers: u64,
    /// Whether any partition is paused.
    pub paused: bool,
    /// Age of the entry that has waited longest, in milliseconds; absent when none waits.
    pub oldest_ms: Option<u64>,
    /// Age of the batch that consumers have held longest, in milliseconds; absent when none is held.
    pub oldest_batch_ms: Option<u64>,
}

type RawStats = (
    u64,
    BTreeMap<String, String>,
    Vec<(String, u64)>,
    u64,
    u64,
    BTreeMap<String, u64>,
    String,
    Vec<u8>,
    u64,
);

impl Inbox {
    /// The inbox with that many partitions.
    pub fn new(redis: &Redis, partitions: u16) -> Self {
        Self {
            redis: redis.clone(),
            queues: (0..partitions).map(|p| redis.keys().partition(p)).collect(),
        }
    }

    /// The facts that that many partitions of the outbox tell, which are a queue like the inbox.
    pub fn of_facts(redis: &Redis, partitions: u16) -> Self {
        Self {
            redis: redis.clone(),
            queues: (0..partitions).map(|p| redis.keys().facts(p)).collect(),
        }
    }

    /// All figures; one round trip a partition, at a cost that does not grow with the depth.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn stats(&self) -> Result<InboxStats, QueueError> {
        let mut sum = InboxStats::default();
        for keys in &self.queues {
            let raw: RawStats = script::STATS
                .key(&keys.ready)
                .key(&keys.held)
                .key(&keys.leases)
                .key(&keys.delayed)
                .key(&keys.dead)
                .key(&keys.counters)
                .key(&keys.paused)
                .invoke_async(&mut self.redis.connection())
                .await?;
            sum.add(&raw);
        }
        Ok(sum)
    }

    /// Stops consumers from reserving; what they hold they finish. Producers go on.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn pause(&self, by: &str) -> Result<(), QueueError> {
        let note = serde_json::json!({ "by": by, "at_ms": millis(SystemTime::now()) }).to_string();
        for keys in &self.queues {
            redis::cmd("SET")
                .arg(&keys.paused)
                .arg(&note)
                .exec_async(&mut self.redis.connection())
                .await?;
        }
        Ok(())
    }

    /// Lets consumers go on.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn resume(&self) -> Result<(), QueueError> {
        for keys in &self.queues {
            redis::cmd("DEL")
                .arg(&keys.paused)
                .exec_async(&mut self.redis.connection())
                .await?;
        }
        Ok(())
    }

    /// The dead letters, partition by partition.
    pub fn dead_letters(&self) -> Vec<DeadLetters> {
        self.queues
            .iter()
            .map(|keys| DeadLetters::under(&self.redis, keys.clone()))
            .collect()
    }
}

impl InboxStats {
    /// Whether nothing waits, is held or is put off.
    pub const fn is_drained(&self) -> bool {
        self.waiting == 0 && self.active == 0 && self.delayed == 0
    }

    fn add(&mut self, raw: &RawStats) {
        let (waiting, held, leases, delayed, dead, counters, paused, oldest, now) = raw;
        let counter = |name: &str| counters.get(name).copied().unwrap_or(0);
        self.waiting += waiting;
        self.active += held
            .values()
            .filter_map(|value| value.split(':').next()?.parse::<u64>().ok())
            .sum::<u64>();
        self.delayed += delayed;
        self.dead += dead;
        self.completed += counter("completed");
        self.failed += counter("failed");
        self.retried += counter("retried");
        self.handed_back += counter("handed_back");
        self.consumers += leases.iter().filter(|(_, end)| end >= now).count() as u64;
        self.paused |= !paused.is_empty();
        let age = received_at_of(oldest).map(|at| now.saturating_sub(at));
        self.oldest_ms = self.oldest_ms.max(age);
        let reserved_at = |value: &String| value.rsplit(':').next()?.parse::<u64>().ok();
        let batch = held.values().filter_map(reserved_at).min();
        let batch_age = batch.map(|at| now.saturating_sub(at));
        self.oldest_batch_ms = self.oldest_batch_ms.max(batch_age);
    }

    /// Age of the entry that has waited longest.
    pub fn oldest(&self) -> Option<Duration> {
        self.oldest_ms.map(Duration::from_millis)
    }
}
