//! Figures of the outbox.

use std::collections::BTreeMap;

use futures_util::future::try_join_all;
use serde::Serialize;

use crate::error::QueueError;
use crate::figures::{Member, PartitionFigures, Pause, Rates, Sample, at};
use crate::keys::LaneKeys;
use crate::outbox::control::Outbox;
use crate::script;

/// Figures of the outbox, summed over its partitions.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct OutboxStats {
    /// Messages whose end is not known, in whatever state: the sum of those below but `dead`, and those that wait.
    pub backlog: u64,
    /// Messages that wait for a dispatcher, those behind one that waits for something else too.
    pub waiting: u64,
    /// Messages that dispatchers have under way.
    pub active: u64,
    /// Conversations that wait for a time: after a failed attempt, or for the limit of their pair.
    pub delayed: u64,
    /// Messages whose outcome is unknown.
    pub parked: u64,
    /// Messages that are to be sent later.
    pub scheduled: u64,
    /// Dead letters.
    pub dead: u64,
    /// Messages accepted since the counters exist. Each of them is completed, failed, cleared or in the backlog.
    pub accepted: u64,
    /// Messages that Meta has taken.
    pub completed: u64,
    /// Messages given up, less those that were replayed or turned out to be sent.
    pub failed: u64,
    /// Messages thrown away by [`Outbox::clear`].
    pub cleared: u64,
    /// Attempts that were put off.
    pub retried: u64,
    /// Messages that an echo has settled.
    pub echoed: u64,
    /// Times that a rate was lowered.
    pub slowed: u64,
    /// Times that a circuit breaker has opened.
    pub breaker_opened: u64,
    /// Dispatchers whose lease is alive.
    pub consumers: u64,
    /// Whether any partition is paused.
    pub paused: bool,
    /// Who has paused it, if it is.
    pub pause: Option<Pause>,
    /// Age of the oldest message that waits, in milliseconds; absent when none was found. Not all are looked at: it is
    /// the oldest of those whose turn comes next, of the numbers whose turn comes next and those that are stopped or
    /// paused longest. So some message has waited at least that long, and nearly always none much longer.
    pub oldest_ms: Option<u64>,
    /// How fast things went lately.
    pub rates: Rates,
    /// Who takes from it, lapsed ones too.
    pub members: Vec<Member>,
    /// Each partition. What is scheduled counts as delayed here.
    pub partitions: Vec<PartitionFigures>,
}

type Raw = (
    BTreeMap<String, i64>,
    Vec<(String, u64)>,
    BTreeMap<String, u64>,
    BTreeMap<String, i64>,
    (u64, u64, u64, u64, u64),
    String,
    (u64, u64, u64, u64),
    Vec<String>,
    Vec<Vec<u8>>,
);

impl Outbox {
    /// All figures; one round trip a partition, at a cost that does not grow with the depth.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn stats(&self) -> Result<OutboxStats, QueueError> {
        let asked = self.all().map(|keys| self.ask(keys));
        let mut sum = OutboxStats::default();
        let (mut notes, partitions) = (Vec::new(), try_join_all(asked).await?);
        for (partition, raw) in (0..).zip(&partitions) {
            sum.add(partition, raw);
            notes.push(raw.5.clone());
        }
        sum.pause = Pause::of_queue(&notes);
        sum.paused = sum.pause.is_some();
        Ok(sum)
    }

    async fn ask(&self, keys: LaneKeys) -> Result<Raw, QueueError> {
        Ok(script::LANES_STATS
            .key(keys.tag())
            .invoke_async(&mut self.redis.connection())
            .await?)
    }
}

impl OutboxStats {
    /// Whether every message has come to its end.
    pub const fn is_drained(&self) -> bool {
        self.backlog == 0
    }

    fn add(&mut self, partition: u16, raw: &Raw) {
        let (counters, leases, beats, holding, lanes, paused, moment, samples, waiting_since) = raw;
        let (active, delayed, parked, scheduled, dead) = *lanes;
        let (now, accepted, completed, failed) = *moment;
        let counter = |name: &str| not_below_zero(counters.get(name));
        let elsewhere = active + delayed + parked + scheduled;
        let waiting = counter("backlog").saturating_sub(elsewhere);
        self.backlog += counter("backlog");
        self.waiting += waiting;
        self.active += active;
        self.delayed += delayed;
        self.parked += parked;
        self.scheduled += scheduled;
        self.dead += dead;
        self.accepted += accepted;
        self.completed += completed;
        self.failed += counter("failed");
        self.cleared += counter("cleared");
        self.retried += counter("retried");
        self.echoed += counter("echoed");
        self.slowed += counter("slowed");
        self.breaker_opened += counter("breaker_opened");
        let received =
            |bytes: &Vec<u8>| Some(u64::from_le_bytes(bytes.as_slice().try_into().ok()?));
        let oldest = waiting_since.iter().filter_map(received).min();
        let age = oldest.map(|at| now.saturating_sub(at));
        self.oldest_ms = self.oldest_ms.max(age);
        let moment = Sample {
            at: now,
            accepted,
            completed,
            failed,
        };
        self.rates
            .add(&Rates::of(&moment, &Sample::read_all(samples)));
        self.consumers += leases.iter().filter(|(_, end)| *end >= now).count() as u64;
        self.members.extend(leases.iter().map(|(id, end)| Member {
            id: id.clone(),
            partition,
            lease_ends_at: at(*end),
            last_heartbeat_at: at(beats.get(id).copied().unwrap_or(now.min(*end))),
            active: not_below_zero(holding.get(id)),
            lapsed: *end < now,
        }));
        self.partitions.push(PartitionFigures {
            partition,
            waiting,
            active,
            delayed: delayed + scheduled,
            parked,
            scheduled,
            dead,
            oldest_ms: age,
            paused: !paused.is_empty(),
        });
    }
}

fn not_below_zero(value: Option<&i64>) -> u64 {
    u64::try_from(value.copied().unwrap_or(0)).unwrap_or(0)
}
