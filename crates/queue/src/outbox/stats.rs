//! Figures of the outbox.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::error::QueueError;
use crate::outbox::control::Outbox;
use crate::script;

/// Figures of the outbox, summed over its partitions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OutboxStats {
    /// Messages whose end is not known, in whatever state: the sum of those below but `dead`, and those that wait.
    pub backlog: u64,
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
    /// Messages accepted since the counters exist.
    pub accepted: u64,
    /// Messages that Meta has taken.
    pub completed: u64,
    /// Messages given up.
    pub failed: u64,
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
}

/// Figures of one number.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct NumberStats {
    /// Meta's id of it.
    pub phone_number_id: String,
    /// Its WhatsApp Business Account, when known.
    pub account: Option<String>,
    /// Messages whose end is not known.
    pub backlog: u64,
    /// Messages under way.
    pub in_flight: u64,
    /// Messages that Meta has taken.
    pub completed: u64,
    /// Messages given up.
    pub failed: u64,
    /// The limit that somebody has set, in messages a second; absent: the default.
    pub limit: Option<f64>,
    /// The rate now, when it was lowered, in messages a second.
    pub lowered_rate: Option<f64>,
    /// `open` or `probing` while the circuit breaker keeps it from sending.
    pub breaker: Option<String>,
    /// When the breaker lets a probe through, in ms since 1970.
    pub breaker_until_ms: Option<u64>,
    /// Why it is stopped.
    pub stopped: Option<String>,
    /// Who has paused it, and when; JSON.
    pub paused: Option<String>,
}

type Raw = (
    BTreeMap<String, i64>,
    Vec<(String, u64)>,
    u64,
    u64,
    u64,
    u64,
    u64,
    String,
    u64,
    u64,
);

impl Outbox {
    /// All figures; one round trip a partition, at a cost that does not grow with the depth.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn stats(&self) -> Result<OutboxStats, QueueError> {
        let mut sum = OutboxStats::default();
        for keys in self.all() {
            let raw: Raw = script::LANES_STATS
                .key(keys.tag())
                .invoke_async(&mut self.redis.connection())
                .await?;
            sum.add(&raw);
        }
        Ok(sum)
    }

    /// One number; all zero when it was never seen.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn number(&self, phone_number_id: &str) -> Result<NumberStats, QueueError> {
        let key = self
            .of(phone_number_id)
            .key(&format!("number:{phone_number_id}"));
        let fields: BTreeMap<String, String> = redis::cmd("HGETALL")
            .arg(key)
            .query_async(&mut self.redis.connection())
            .await?;
        Ok(NumberStats::read(phone_number_id, &fields))
    }

    /// Every number that was ever seen.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn numbers(&self) -> Result<Vec<NumberStats>, QueueError> {
        let mut numbers = Vec::new();
        for keys in self.all() {
            let mut ids: Vec<String> = redis::cmd("SMEMBERS")
                .arg(keys.key("all"))
                .query_async(&mut self.redis.connection())
                .await?;
            ids.sort_unstable();
            for id in ids {
                numbers.push(self.number(&id).await?);
            }
        }
        Ok(numbers)
    }
}

impl OutboxStats {
    /// Whether every message has come to its end.
    pub const fn is_drained(&self) -> bool {
        self.backlog == 0
    }

    fn add(&mut self, raw: &Raw) {
        let (counters, leases, held, delayed, parked, scheduled, dead, paused, now, _) = raw;
        let counter = |name: &str| {
            let value = counters.get(name).copied().unwrap_or(0);
            u64::try_from(value).unwrap_or(0)
        };
        self.backlog += counter("backlog");
        self.active += held;
        self.delayed += delayed;
        self.parked += parked;
        self.scheduled += scheduled;
        self.dead += dead;
        self.accepted += counter("accepted");
        self.completed += counter("completed");
        self.failed += counter("failed");
        self.retried += counter("retried");
        self.echoed += counter("echoed");
        self.slowed += counter("slowed");
        self.breaker_opened += counter("breaker_opened");
        self.consumers += leases.iter().filter(|(_, end)| end >= now).count() as u64;
        self.paused |= !paused.is_empty();
    }
}

impl NumberStats {
    fn read(phone_number_id: &str, fields: &BTreeMap<String, String>) -> Self {
        let text = |name: &str| fields.get(name).cloned();
        let number = |name: &str| -> Option<f64> { fields.get(name)?.parse().ok() };
        let whole = |name: &str| fields.get(name).and_then(|v| v.parse::<u64>().ok());
        Self {
            phone_number_id: phone_number_id.to_owned(),
            account: text("account"),
            backlog: whole("backlog").unwrap_or(0),
            in_flight: whole("in_flight").unwrap_or(0),
            completed: whole("completed").unwrap_or(0),
            failed: whole("failed").unwrap_or(0),
            limit: number("limit_operator")
                .or_else(|| number("limit_meta"))
                .or_else(|| number("limit_file")),
            lowered_rate: number("rate"),
            breaker: text("breaker"),
            breaker_until_ms: whole("breaker_until"),
            stopped: text("stopped"),
            paused: text("paused"),
        }
    }
}
