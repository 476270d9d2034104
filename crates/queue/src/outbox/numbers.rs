//! Figures of business numbers: first the names that are wanted of each partition, then what is known of them, many at
//! a time and all at once.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::try_join_all;
use serde::Serialize;

use crate::error::QueueError;
use crate::figures::{Pause, at};
use crate::keys::{Keys, LaneKeys};
use crate::outbox::control::Outbox;
use crate::script;

/// Numbers that [`Outbox::numbers`] reads in one go.
const PAGE: usize = 200;
/// Numbers that one script reads: it stops Redis for everyone else.
const AT_ONCE: usize = 64;
/// Numbers whose backlog one script checks, more or less.
const CHECKED: usize = 400;
/// For how long a check of all numbers holds.
const CHECK_HOLDS: Duration = Duration::from_secs(300);

/// What a script reads of a number.
const FIELDS: &[&str] = &[
    "account",
    "backlog",
    "in_flight",
    "completed",
    "failed",
    "limit_operator",
    "limit_meta",
    "limit_file",
    "rate",
    "breaker",
    "breaker_until",
    "stopped",
    "stopped_at",
    "paused",
];

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
    /// Messages given up, less those that were replayed or turned out to be sent.
    pub failed: u64,
    /// Messages that Meta has taken, a second, in the last minute.
    pub sent_per_second: f64,
    /// The limit that somebody has set, in messages a second; absent: the default.
    pub limit: Option<f64>,
    /// Who has set it: `operator`, `meta` or `file`.
    pub limit_by: Option<&'static str>,
    /// The rate now, when it was lowered, in messages a second.
    pub lowered_rate: Option<f64>,
    /// `open` or `probing` while the circuit breaker keeps it from sending.
    pub breaker: Option<String>,
    /// When the breaker lets a probe through, in ms since 1970.
    pub breaker_until_ms: Option<u64>,
    /// Why it is stopped, in words.
    pub stopped: Option<String>,
    /// The stop: by `meta` when an error of its credential did it, else by whoever did.
    pub stop: Option<Pause>,
    /// The pause.
    pub pause: Option<Pause>,
}

/// A number, the partition that it was found in, and perhaps its backlog.
type Name = (u16, String, u64);

impl Outbox {
    /// One number; all zero when it was never seen.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn number(&self, phone_number_id: &str) -> Result<NumberStats, QueueError> {
        let keys = self.of(phone_number_id);
        let found = self.read(&keys, &[phone_number_id]).await?;
        Ok(found.into_iter().next().unwrap_or_default())
    }

    /// Up to `limit` numbers that were ever seen, in the order of their ids, from the one after `after` on; "" for the
    /// first.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn numbers_after(
        &self,
        after: &str,
        limit: usize,
    ) -> Result<Vec<NumberStats>, QueueError> {
        let mut names = self.names(after, limit).await?;
        names.sort_unstable_by(|(_, a, _), (_, b, _)| a.cmp(b));
        names.truncate(limit);
        let mut found = self.read_all(&names).await?;
        found.sort_unstable_by(|a, b| a.phone_number_id.cmp(&b.phone_number_id));
        Ok(found)
    }

    /// Up to `limit` numbers that have a backlog, the largest first, at a cost that does not grow with the numbers that
    /// have one.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn busy_numbers(&self, limit: usize) -> Result<Vec<NumberStats>, QueueError> {
        let asked = (0..self.partitions).map(|partition| self.busy(partition, limit));
        let found = try_join_all(asked).await?;
        let mut names: Vec<Name> = found.into_iter().flatten().collect();
        names.sort_unstable_by(|(_, a, some), (_, b, more)| more.cmp(some).then_with(|| a.cmp(b)));
        names.truncate(limit);
        let mut found = self.read_all(&names).await?;
        found.retain(|number| number.backlog > 0);
        found.sort_unstable_by(|a, b| {
            let larger = b.backlog.cmp(&a.backlog);
            larger.then_with(|| a.phone_number_id.cmp(&b.phone_number_id))
        });
        Ok(found)
    }

    /// Every number that was ever seen.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn numbers(&self) -> Result<Vec<NumberStats>, QueueError> {
        let mut numbers: Vec<NumberStats> = Vec::new();
        loop {
            let after = numbers.last().map_or("", |number| &*number.phone_number_id);
            let page = self.numbers_after(after, PAGE).await?;
            let is_last = page.len() < PAGE;
            numbers.extend(page);
            if is_last {
                return Ok(numbers);
            }
        }
    }

    /// These numbers, in no order; all zero where one was never seen.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn numbers_of(&self, ids: &[String]) -> Result<Vec<NumberStats>, QueueError> {
        let names: Vec<Name> = ids
            .iter()
            .map(|id| (Keys::partition_of(id, self.partitions), id.clone(), 0))
            .collect();
        self.read_all(&names).await
    }

    /// The ids of numbers that are stopped or paused, up to `most` of each partition.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn halted(&self, most: usize) -> Result<Vec<String>, QueueError> {
        let asked = self.all().map(|keys| async move {
            let mut command = redis::cmd("ZRANGE");
            command.arg(keys.key("halted")).arg("-inf").arg("+inf");
            command.arg("BYSCORE").arg("LIMIT").arg(0).arg(most);
            let found: Vec<String> = command.query_async(&mut self.redis.connection()).await?;
            Ok::<_, QueueError>(found)
        });
        Ok(try_join_all(asked).await?.into_iter().flatten().collect())
    }

    async fn names(&self, after: &str, most: usize) -> Result<Vec<Name>, QueueError> {
        let asked = (0..self.partitions).map(|partition| async move {
            let found: Vec<String> = script::LANES_NAMES
                .key(self.redis.keys().lanes(partition).tag())
                .arg(after)
                .arg(most)
                .invoke_async(&mut self.redis.connection())
                .await?;
            let named = found.into_iter().map(|id| (partition, id, 0));
            Ok::<Vec<Name>, QueueError>(named.collect())
        });
        Ok(try_join_all(asked).await?.into_iter().flatten().collect())
    }

    /// The busiest ones of a partition. The first time, all are checked before they are told, a script's worth at a time.
    async fn busy(&self, partition: u16, most: usize) -> Result<Vec<Name>, QueueError> {
        loop {
            let (more, found): (bool, Vec<(String, u64)>) = script::LANES_BUSY
                .key(self.redis.keys().lanes(partition).tag())
                .arg(most)
                .arg(CHECKED)
                .arg(CHECK_HOLDS.as_millis().to_string())
                .invoke_async(&mut self.redis.connection())
                .await?;
            if !more {
                let named = found
                    .into_iter()
                    .map(|(id, backlog)| (partition, id, backlog));
                return Ok(named.collect());
            }
        }
    }

    /// What is known of these, in no order.
    async fn read_all(&self, names: &[Name]) -> Result<Vec<NumberStats>, QueueError> {
        let mut shares: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
        for (partition, id, _) in names {
            shares.entry(*partition).or_default().push(id);
        }
        let asked = shares.iter().flat_map(|(partition, ids)| {
            let keys = self.redis.keys().lanes(*partition);
            let read = move |some| (keys.clone(), some);
            ids.chunks(AT_ONCE).map(read)
        });
        let asked = asked.map(|(keys, ids)| async move { self.read(&keys, ids).await });
        Ok(try_join_all(asked).await?.into_iter().flatten().collect())
    }

    async fn read(&self, keys: &LaneKeys, ids: &[&str]) -> Result<Vec<NumberStats>, QueueError> {
        let rows: Vec<Vec<String>> = script::LANES_NUMBERS
            .key(keys.tag())
            .arg(FIELDS.len())
            .arg(FIELDS)
            .arg(ids)
            .invoke_async(&mut self.redis.connection())
            .await?;
        Ok(rows.into_iter().map(NumberStats::read).collect())
    }
}

impl NumberStats {
    fn read(row: Vec<String>) -> Self {
        let mut row = row.into_iter();
        let (id, sent) = (row.next().unwrap_or_default(), row.next());
        let fields: BTreeMap<&str, String> = FIELDS
            .iter()
            .copied()
            .zip(row)
            .filter(|(_, value)| !value.is_empty())
            .collect();
        let number = |name: &str| -> Option<f64> { fields.get(name)?.parse().ok() };
        let whole = |name: &str| fields.get(name).and_then(|value| value.parse::<u64>().ok());
        let limits = [
            ("operator", "limit_operator"),
            ("meta", "limit_meta"),
            ("file", "limit_file"),
        ];
        let limit = limits
            .into_iter()
            .find_map(|(by, field)| Some((by, number(field)?)));
        let stop = fields.get("stopped").map(|text| stop(text, &fields));
        Self {
            phone_number_id: id,
            account: fields.get("account").cloned(),
            backlog: whole("backlog").unwrap_or(0),
            in_flight: whole("in_flight").unwrap_or(0),
            completed: whole("completed").unwrap_or(0),
            failed: whole("failed").unwrap_or(0),
            sent_per_second: sent.and_then(|sent| sent.parse().ok()).unwrap_or(0.0),
            limit: limit.map(|(_, limit)| limit),
            limit_by: limit.map(|(by, _)| by),
            lowered_rate: number("rate"),
            breaker: fields.get("breaker").cloned(),
            breaker_until_ms: whole("breaker_until"),
            stopped: stop.as_ref().map(|stop| stop.reason.clone()),
            stop,
            pause: fields
                .get("paused")
                .and_then(|note| Pause::of_queue(std::slice::from_ref(note))),
        }
    }
}

/// A stop by hand is a note; one of Meta's is a reason in words, beside when and for which token.
fn stop(text: &str, fields: &BTreeMap<&str, String>) -> Pause {
    let by_meta = fields.contains_key("stopped_at");
    let noted = Pause::read(text).filter(|_| !by_meta);
    noted.unwrap_or_else(|| Pause {
        by: if by_meta { "meta" } else { "operator" }.to_owned(),
        since: at(fields
            .get("stopped_at")
            .and_then(|at| at.parse().ok())
            .unwrap_or(0)),
        reason: text.to_owned(),
    })
}
