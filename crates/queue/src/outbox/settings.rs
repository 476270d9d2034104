//! What can be configured of the lanes.

use std::time::Duration;

use waypost_settings::{Key, Lookup, Reader, SettingsError};

use crate::settings::AckMode;

/// The outbox as every service sees it.
#[derive(Clone, Debug)]
pub struct OutboxSettings {
    /// How many partitions; a number belongs to one of them, by its id.
    pub partitions: u16,
    /// When an accepted message counts as durable.
    pub ack: AckMode,
    /// Messages of one number that may wait.
    pub max_backlog: u64,
    /// How long an idempotency key is known.
    pub idempotency_ttl: Duration,
    /// Entries above this many bytes are compressed.
    pub compress_above: usize,
}

impl Default for OutboxSettings {
    fn default() -> Self {
        Self {
            partitions: 1,
            ack: AckMode::Primary,
            max_backlog: 100_000,
            idempotency_ttl: Duration::from_secs(24 * 3600),
            compress_above: 8 << 10,
        }
    }
}

impl OutboxSettings {
    /// The keys read here.
    pub const KEYS: &'static [Key] = &[
        Key::new(
            "outbox.partitions",
            "1",
            "Partitions of the outbox. A number belongs to one of them by its id, so many numbers spread over a Redis Cluster. Change it only while the outbox is empty.",
        ),
        Key::new(
            "outbox.ack",
            "primary",
            "When an accepted message counts as durable: primary (the primary has it) or replica (a replica has it too).",
        ),
        Key::new(
            "outbox.max_backlog",
            "100000",
            "Messages of one number that may wait; beyond, the send API answers 429.",
        ),
        Key::new(
            "outbox.idempotency_ttl",
            "24h",
            "How long an Idempotency-Key is known.",
        ),
        Key::new(
            "outbox.compress_above",
            "8KiB",
            "Messages above this size are compressed.",
        ),
    ];

    /// Reads the keys.
    ///
    /// # Errors
    /// Names the key that is wrong.
    pub fn from_lookup(lookup: &dyn Lookup) -> Result<Self, SettingsError> {
        let read = Reader::new(lookup, Self::KEYS);
        let settings = Self {
            partitions: read.number("outbox.partitions")?,
            ack: read.choice(
                "outbox.ack",
                &[("primary", AckMode::Primary), ("replica", AckMode::Replica)],
            )?,
            max_backlog: read.u64("outbox.max_backlog")?,
            idempotency_ttl: read.duration("outbox.idempotency_ttl")?,
            compress_above: usize::try_from(read.bytes("outbox.compress_above")?)
                .map_err(|_| read.invalid("outbox.compress_above", "is too large"))?,
        };
        if !(1..=1024).contains(&settings.partitions) {
            return Err(read.invalid("outbox.partitions", "must be 1 to 1024"));
        }
        if settings.idempotency_ttl.is_zero() {
            return Err(read.invalid("outbox.idempotency_ttl", "must be longer than 0"));
        }
        Ok(settings)
    }
}

/// Leases, limits and the circuit breaker: what a dispatcher needs to know.
#[derive(Clone, Debug)]
pub struct LaneSettings {
    /// How long a dispatcher may be silent before what it holds counts as unknown.
    pub lease: Duration,
    /// How often it extends its lease.
    pub heartbeat: Duration,
    /// Messages of one number in flight at once, over all dispatchers.
    pub in_flight: u32,
    /// Messages of a number a second, where nobody has set another limit; 0 for none.
    pub number_limit: f64,
    /// Messages of an account a second, in one partition; 0 for none.
    pub account_limit: f64,
    /// Burst as a share of a second's messages.
    pub burst_share: f64,
    /// Time between two messages of a pair; 0 for no limit.
    pub pair_interval: Duration,
    /// Messages that a pair may send at once, borrowed from its future.
    pub pair_burst: u32,
    /// What a rate is multiplied with when Meta pushes back.
    pub slow_factor: f64,
    /// Lowest rate, as a share of the limit.
    pub slow_floor: f64,
    /// Share of the limit that a lowered rate climbs each second.
    pub climb: f64,
    /// Fewest outcomes that may open a breaker.
    pub breaker_outcomes: u32,
    /// How far it looks back; whole seconds.
    pub breaker_window: Duration,
    /// How long it stays open at first; doubled when a probe fails.
    pub breaker_open: Duration,
    /// Longest time that it stays open.
    pub breaker_longest: Duration,
    /// How long a probe may take before another one goes.
    pub probe: Duration,
}

impl Default for LaneSettings {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(10),
            heartbeat: Duration::from_secs(2),
            in_flight: 128,
            number_limit: 80.0,
            account_limit: 0.0,
            burst_share: 0.1,
            pair_interval: Duration::from_secs(6),
            pair_burst: 45,
            slow_factor: 0.5,
            slow_floor: 0.02,
            climb: 0.02,
            breaker_outcomes: 20,
            breaker_window: Duration::from_secs(30),
            breaker_open: Duration::from_secs(5),
            breaker_longest: Duration::from_secs(60),
            probe: Duration::from_secs(40),
        }
    }
}

impl LaneSettings {
    /// The keys read here.
    pub const KEYS: &'static [Key] = &[
        Key::new(
            "lanes.lease",
            "10s",
            "How long a dispatcher may be silent before others take over what it holds; whether that was sent is unknown then.",
        ),
        Key::new(
            "lanes.heartbeat",
            "2s",
            "How often a dispatcher extends its lease; at most a third of it.",
        ),
        Key::new(
            "lanes.in_flight",
            "128",
            "Messages of one number under way at once, over all dispatchers. Well below dispatcher.concurrency, or one slow number takes every slot.",
        ),
        Key::new(
            "limits.number",
            "80",
            "Messages a second of a number for which nobody has set another limit (Meta's default is 80); 0 for none.",
        ),
        Key::new(
            "limits.account",
            "0",
            "Messages a second of all numbers of a WhatsApp Business Account together, in one partition of the outbox; 0 for none. Which account a number belongs to stands in numbers.file.",
        ),
        Key::new(
            "limits.burst",
            "0.1",
            "Burst of a number or account, as a share of what it may send in a second.",
        ),
        Key::new(
            "limits.pair_interval",
            "6s",
            "Time between two messages to the same person (Meta's limit is 6 s); 0s for none.",
        ),
        Key::new(
            "limits.pair_burst",
            "45",
            "Messages to the same person within one interval, borrowed from the time to come and paid back before the next one goes (Meta's limit is 45).",
        ),
        Key::new(
            "limits.slow_factor",
            "0.5",
            "What a rate is multiplied with when Meta says that it is too high.",
        ),
        Key::new(
            "limits.slow_floor",
            "0.02",
            "Lowest rate, as a share of the limit.",
        ),
        Key::new(
            "limits.climb",
            "0.02",
            "Share of the limit by which a lowered rate climbs each second.",
        ),
        Key::new(
            "breaker.outcomes",
            "20",
            "Fewest outcomes within the window that may open a number's circuit breaker.",
        ),
        Key::new(
            "breaker.window",
            "30s",
            "How far the circuit breaker looks back. It opens when more than half of the outcomes are failures of Meta's.",
        ),
        Key::new(
            "breaker.open",
            "5s",
            "How long the circuit breaker stays open before a single message probes; doubled each time the probe fails.",
        ),
        Key::new(
            "breaker.longest",
            "60s",
            "Longest time that the circuit breaker stays open.",
        ),
        Key::new(
            "breaker.probe",
            "40s",
            "How long a probe may take before another one goes; longer than dispatcher.request_timeout.",
        ),
    ];

    /// Reads the keys.
    ///
    /// # Errors
    /// Names the key that is wrong.
    pub fn from_lookup(lookup: &dyn Lookup) -> Result<Self, SettingsError> {
        let read = Reader::new(lookup, Self::KEYS);
        let settings = Self {
            lease: read.duration("lanes.lease")?,
            heartbeat: read.duration("lanes.heartbeat")?,
            in_flight: read.number("lanes.in_flight")?,
            number_limit: share(&read, "limits.number", 0.0..=1e6)?,
            account_limit: share(&read, "limits.account", 0.0..=1e6)?,
            burst_share: share(&read, "limits.burst", 0.0..=10.0)?,
            pair_interval: read.duration("limits.pair_interval")?,
            pair_burst: read.number("limits.pair_burst")?,
            slow_factor: share(&read, "limits.slow_factor", 0.01..=1.0)?,
            slow_floor: share(&read, "limits.slow_floor", 0.001..=1.0)?,
            climb: share(&read, "limits.climb", 0.0001..=1.0)?,
            breaker_outcomes: read.number("breaker.outcomes")?,
            breaker_window: read.duration("breaker.window")?,
            breaker_open: read.duration("breaker.open")?,
            breaker_longest: read.duration("breaker.longest")?,
            probe: read.duration("breaker.probe")?,
        };
        settings.check(&read)?;
        Ok(settings)
    }

    fn check(&self, read: &Reader<'_>) -> Result<(), SettingsError> {
        if self.heartbeat.is_zero() || self.heartbeat * 3 > self.lease {
            return Err(SettingsError::Contradiction {
                keys: vec!["lanes.heartbeat", "lanes.lease"],
                reason: "a heartbeat must be above zero and at most a third of the lease, or one late beat makes a living dispatcher's messages unknown".to_owned(),
            });
        }
        if self.in_flight == 0 {
            return Err(read.invalid("lanes.in_flight", "must be at least 1"));
        }
        if self.pair_burst == 0 {
            return Err(read.invalid("limits.pair_burst", "must be at least 1"));
        }
        if !(1..=600).contains(&self.breaker_window.as_secs()) {
            return Err(read.invalid("breaker.window", "must be 1 s to 10 min"));
        }
        if self.breaker_open.is_zero() || self.breaker_open > self.breaker_longest {
            return Err(SettingsError::Contradiction {
                keys: vec!["breaker.open", "breaker.longest"],
                reason: "the first must be above zero and not above the second".to_owned(),
            });
        }
        Ok(())
    }
}

fn share(
    read: &Reader<'_>,
    path: &str,
    range: std::ops::RangeInclusive<f64>,
) -> Result<f64, SettingsError> {
    let value: f64 = read.number(path)?;
    if range.contains(&value) {
        return Ok(value);
    }
    Err(read.invalid(
        path,
        format!("must be {} to {}", range.start(), range.end()),
    ))
}

#[cfg(test)]
mod tests {
    use waypost_settings::MapLookup;

    use super::*;

    #[test]
    fn the_documented_defaults_are_the_defaults() {
        let nothing = MapLookup::default();
        let lanes = LaneSettings::from_lookup(&nothing).unwrap();
        assert_eq!(
            format!("{lanes:?}"),
            format!("{:?}", LaneSettings::default())
        );
        let outbox = OutboxSettings::from_lookup(&nothing).unwrap();
        assert_eq!(
            format!("{outbox:?}"),
            format!("{:?}", OutboxSettings::default())
        );
    }

    #[test]
    fn what_cannot_work_is_refused_by_key() {
        for (key, value) in [
            ("lanes.heartbeat", "9s"),
            ("limits.number", "-1"),
            ("limits.pair_burst", "0"),
            ("breaker.open", "2m"),
            ("breaker.window", "0s"),
        ] {
            let lookup = MapLookup::from([(key, value)]);
            let text = LaneSettings::from_lookup(&lookup).unwrap_err().to_string();
            assert!(text.contains(key), "{text}");
        }
    }
}
