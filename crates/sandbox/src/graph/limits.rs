//! Meta's limits: per number, and per pair of number and recipient. (Meta: throughput.)

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// Locks for the pairs, so that few requests meet at one.
const SHARDS: usize = 16;

/// Pairs of one shard, after which those that owe nothing are forgotten.
const MANY_PAIRS: usize = 16_384;

/// Which limits hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Of every number that has none of its own.
    pub number: Option<Rate>,
    /// Of single numbers, by phone number id.
    pub numbers: BTreeMap<String, Rate>,
    /// Of every pair.
    pub pair: Option<PairRate>,
}

/// Messages a second of one number: a token bucket. Beyond it: 130429.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// How fast the bucket fills.
    pub per_second: u32,
    /// How much it holds; by default what comes in a fifth of a second.
    #[serde(default)]
    pub burst: Option<u32>,
}

/// Messages to one recipient. Beyond it: 131056.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairRate {
    /// Time that one message uses up.
    #[serde(rename = "every_ms", with = "super::millis")]
    pub every: Duration,
    /// How many may come at once, borrowed from later.
    pub burst: u32,
    /// True: a burst lasts as long as one message counts, and after it nothing is taken until all of it is paid
    /// back (twenty at once, then two minutes of nothing), as Meta's page says. False: a plain token bucket, which
    /// takes more as soon as there is room for one.
    #[serde(default = "yes")]
    pub repaid: bool,
}

fn yes() -> bool {
    true
}

impl Limits {
    /// A new number's: 80 a second, one every 6 seconds to the same person with bursts of 45.
    pub fn meta() -> Self {
        Self {
            number: Some(Rate::per_second(80)),
            numbers: BTreeMap::new(),
            pair: Some(PairRate::META),
        }
    }

    /// Only the rate of every number.
    pub fn per_number(per_second: u32) -> Self {
        Self {
            number: Some(Rate::per_second(per_second)),
            ..Self::default()
        }
    }
}

impl Rate {
    /// This many, with the usual burst.
    pub fn per_second(per_second: u32) -> Self {
        Self {
            per_second,
            burst: None,
        }
    }

    /// The bucket's size: never less than one.
    pub fn burst(&self) -> u32 {
        self.burst.unwrap_or(self.per_second / 5).max(1)
    }
}

impl PairRate {
    /// One every 6 seconds, 45 at once, to be paid back.
    pub const META: Self = Self {
        every: Duration::from_secs(6),
        burst: 45,
        repaid: true,
    };
}

/// Which limit a message went over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    Number,
    Pair,
}

/// The limits with what has been used of them. Times are nanoseconds since the beginning.
pub(super) struct Buckets {
    limits: Limits,
    began: Instant,
    numbers: Mutex<HashMap<String, u64>>,
    pairs: Vec<Mutex<HashMap<u64, Pair>>>,
    hasher: RandomState,
}

/// What a pair has borrowed.
#[derive(Clone, Copy, Default)]
struct Pair {
    /// When all of it is paid back.
    free_at: u64,
    /// When the burst began that is still being paid back.
    burst_began: u64,
    /// How many it has had.
    burst: u32,
}

impl Buckets {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            began: Instant::now(),
            numbers: Mutex::default(),
            pairs: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
        }
    }

    /// Takes one message's worth, or says which limit is in the way. What a pair refuses has used up its number's
    /// share all the same.
    pub(super) fn take(&self, number: &str, to: &str) -> Result<(), Over> {
        let now = u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.take_at(now, number, to)
    }

    fn take_at(&self, now: u64, number: &str, to: &str) -> Result<(), Over> {
        let rate = self
            .limits
            .numbers
            .get(number)
            .or(self.limits.number.as_ref());
        if let Some(rate) = rate {
            self.take_of_number(now, *rate, number)?;
        }
        match &self.limits.pair {
            Some(pair) => self.take_of_pair(now, *pair, number, to),
            None => Ok(()),
        }
    }

    fn take_of_number(&self, now: u64, rate: Rate, number: &str) -> Result<(), Over> {
        let Some(each) = 1_000_000_000u64.checked_div(u64::from(rate.per_second)) else {
            return Err(Over::Number);
        };
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        let used_until = match numbers.get_mut(number) {
            Some(used_until) => used_until,
            None => numbers.entry(number.to_owned()).or_default(),
        };
        let from = (*used_until).max(now);
        if from - now > each * u64::from(rate.burst() - 1) {
            return Err(Over::Number);
        }
        *used_until = from + each;
        Ok(())
    }

    fn take_of_pair(&self, now: u64, rate: PairRate, number: &str, to: &str) -> Result<(), Over> {
        let key = self.hasher.hash_one((number, to));
        let Some(shard) = self.pairs.get(key as usize % SHARDS) else {
            return Ok(());
        };
        let mut pairs = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if pairs.len() > MANY_PAIRS {
            pairs.retain(|_, pair| pair.free_at > now);
        }
        match pairs.entry(key).or_default().take(now, rate) {
            true => Ok(()),
            false => Err(Over::Pair),
        }
    }
}

impl Pair {
    fn take(&mut self, now: u64, rate: PairRate) -> bool {
        let each = u64::try_from(rate.every.as_nanos()).unwrap_or(u64::MAX);
        if now >= self.free_at {
            *self = Self {
                free_at: now + each,
                burst_began: now,
                burst: 1,
            };
            return true;
        }
        let fits = match rate.repaid {
            true => self.burst < rate.burst && now < self.burst_began + each,
            false => self.free_at - now <= each * u64::from(rate.burst.saturating_sub(1)),
        };
        if fits {
            self.free_at += each;
            self.burst += 1;
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn taken(buckets: &Buckets, now: u64, tries: usize) -> usize {
        (0..tries)
            .filter(|_| buckets.take_at(now, "1", "2").is_ok())
            .count()
    }

    #[test]
    fn a_number_has_its_rate_and_a_fifth_of_it_at_once() {
        let buckets = Buckets::new(Limits::per_number(80));
        assert_eq!(taken(&buckets, 0, 100), 16);
        assert_eq!(taken(&buckets, SECOND / 80, 100), 1);
        assert_eq!(buckets.take_at(SECOND / 80, "1", "3"), Err(Over::Number));
        assert!(buckets.take_at(SECOND / 80, "another", "2").is_ok());
        let in_a_second: usize = (0..1_000)
            .map(|tick| taken(&buckets, 10 * SECOND + tick * SECOND / 1_000, 5))
            .sum();
        assert_eq!(in_a_second, 16 + 79, "the bucket, and what came in");
    }

    #[test]
    fn a_number_of_its_own_limit() {
        let mut limits = Limits::per_number(80);
        limits.numbers.insert(
            "1".to_owned(),
            Rate {
                per_second: 10,
                burst: Some(3),
            },
        );
        assert_eq!(taken(&Buckets::new(limits), 0, 100), 3);
    }

    #[test]
    fn a_pair_pays_its_burst_back_in_full() {
        let limits = Limits {
            pair: Some(PairRate::META),
            ..Limits::default()
        };
        let buckets = Buckets::new(limits);
        assert_eq!(taken(&buckets, 0, 20), 20);
        assert_eq!(taken(&buckets, 6 * SECOND, 1), 0, "the burst is over");
        assert_eq!(taken(&buckets, 119 * SECOND, 1), 0);
        assert_eq!(taken(&buckets, 120 * SECOND, 100), 45);
        assert_eq!(buckets.take_at(120 * SECOND, "1", "2"), Err(Over::Pair));
        assert!(
            buckets.take_at(120 * SECOND, "1", "3").is_ok(),
            "others are unaffected"
        );
    }

    #[test]
    fn or_it_is_a_plain_bucket() {
        let limits = Limits {
            pair: Some(PairRate {
                repaid: false,
                ..PairRate::META
            }),
            ..Limits::default()
        };
        let buckets = Buckets::new(limits);
        assert_eq!(taken(&buckets, 0, 100), 45);
        assert_eq!(taken(&buckets, 6 * SECOND, 100), 1);
        assert_eq!(taken(&buckets, 18 * SECOND, 100), 2);
    }
}
