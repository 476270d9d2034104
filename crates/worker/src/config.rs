//! What can be configured here.

use std::time::Duration;

use waypost_queue::{EventSettings, InboxSettings, MemorySettings, OutboxSettings, RedisSettings};
use waypost_runtime::AdminSettings;
use waypost_settings::{Key, Lookup, Reader, SettingsError};
use waypost_store::StoreSettings;
use waypost_telemetry::LogSettings;

/// How the worker works.
#[derive(Clone, Debug)]
pub struct WorkerSettings {
    /// Batches in work at once.
    pub concurrency: usize,
    /// Most webhooks in one batch.
    pub batch_entries: usize,
    /// Most bytes in one batch, as they lie in Redis.
    pub batch_bytes: usize,
    /// Attempts before an item is given up.
    pub attempts: u32,
    /// Upper bound of the wait after the first failure; doubles with each.
    pub backoff: Duration,
    /// Consumers that may die with an entry before it is given up.
    pub max_handbacks: u32,
    /// How long batches may take to finish at the end.
    pub drain_deadline: Duration,
}

impl Default for WorkerSettings {
    fn default() -> Self {
        Self {
            concurrency: 4,
            batch_entries: 512,
            batch_bytes: 1 << 20,
            attempts: 3,
            backoff: Duration::from_secs(2),
            max_handbacks: 10,
            drain_deadline: Duration::from_secs(25),
        }
    }
}

impl WorkerSettings {
    /// The keys read here.
    pub const KEYS: &'static [Key] = &[
        Key::new(
            "worker.concurrency",
            "4",
            "Batches in work at once; each uses one connection to Postgres.",
        ),
        Key::new("worker.batch_entries", "512", "Most webhooks in one batch."),
        Key::new(
            "worker.batch_bytes",
            "1MiB",
            "Most bytes in one batch, as they lie in Redis; a single larger webhook still goes through.",
        ),
        Key::new(
            "worker.attempts",
            "3",
            "Attempts before an item goes to failed_webhooks and the dead letters.",
        ),
        Key::new(
            "worker.backoff",
            "2s",
            "Upper bound of the wait after the first failed attempt; doubles with each, the wait itself is random below it.",
        ),
        Key::new(
            "worker.max_handbacks",
            "10",
            "How many workers may die with an entry before it is given up.",
        ),
        Key::new(
            "worker.drain_deadline",
            "25s",
            "How long batches may take to finish after SIGTERM.",
        ),
    ];

    /// Reads the keys.
    ///
    /// # Errors
    /// Names the key that is wrong.
    pub fn from_lookup(lookup: &dyn Lookup) -> Result<Self, SettingsError> {
        let read = Reader::new(lookup, Self::KEYS);
        let settings = Self {
            concurrency: read.usize("worker.concurrency")?,
            batch_entries: read.usize("worker.batch_entries")?,
            batch_bytes: usize::try_from(read.bytes("worker.batch_bytes")?)
                .map_err(|_| read.invalid("worker.batch_bytes", "is too large"))?,
            attempts: read.number("worker.attempts")?,
            backoff: read.duration("worker.backoff")?,
            max_handbacks: read.number("worker.max_handbacks")?,
            drain_deadline: read.duration("worker.drain_deadline")?,
        };
        for (key, value) in [
            ("worker.concurrency", settings.concurrency),
            ("worker.batch_entries", settings.batch_entries),
            ("worker.batch_bytes", settings.batch_bytes),
            ("worker.attempts", settings.attempts as usize),
        ] {
            if value == 0 {
                return Err(read.invalid(key, "must be at least 1"));
            }
        }
        Ok(settings)
    }
}

/// Everything that the service needs to know.
#[derive(Clone, Debug)]
pub struct Config {
    /// How to reach Redis.
    pub redis: RedisSettings,
    /// The inbox.
    pub inbox: InboxSettings,
    /// The outbox, which tells of its messages and is told of echoes.
    pub outbox: OutboxSettings,
    /// What Redis remembers.
    pub memory: MemorySettings,
    /// The stream of events.
    pub events: EventSettings,
    /// Postgres.
    pub store: StoreSettings,
    /// How to work.
    pub worker: WorkerSettings,
    /// The private listener.
    pub admin: AdminSettings,
    /// Logs.
    pub log: LogSettings,
}

/// All keys that this service reads.
pub const KEYS: &[&[Key]] = &[
    RedisSettings::KEYS,
    InboxSettings::KEYS,
    OutboxSettings::KEYS,
    MemorySettings::KEYS,
    EventSettings::KEYS,
    StoreSettings::KEYS,
    WorkerSettings::KEYS,
    AdminSettings::KEYS,
    LogSettings::KEYS,
];

impl Config {
    /// Reads and checks everything.
    ///
    /// # Errors
    /// Names the key that is unknown, missing, wrong or in contradiction to another.
    pub fn from_lookup(lookup: &dyn Lookup) -> Result<Self, SettingsError> {
        waypost_settings::refuse_unknown(lookup, KEYS)?;
        let config = Self {
            redis: RedisSettings::from_lookup(lookup)?,
            inbox: InboxSettings::from_lookup(lookup)?,
            outbox: OutboxSettings::from_lookup(lookup)?,
            memory: MemorySettings::from_lookup(lookup)?,
            events: EventSettings::from_lookup(lookup)?,
            store: StoreSettings::from_lookup(lookup)?,
            worker: WorkerSettings::from_lookup(lookup)?,
            admin: AdminSettings::from_lookup(lookup)?,
            log: LogSettings::from_lookup(lookup)?,
        };
        if config.inbox.lease <= config.redis.timeout + config.inbox.heartbeat {
            return Err(SettingsError::Contradiction {
                keys: vec!["inbox.lease", "redis.timeout"],
                reason: "a lease must be longer than a heartbeat and the time it may take, or one slow answer of Redis hands a living worker's entries to another".to_owned(),
            });
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use waypost_settings::MapLookup;

    use super::*;

    #[test]
    fn a_lease_shorter_than_the_timeout_is_refused_by_name() {
        let lookup = MapLookup::from([
            ("postgres.url", "postgres://127.0.0.1/x"),
            ("redis.timeout", "20s"),
        ]);
        let error = Config::from_lookup(&lookup).unwrap_err().to_string();
        assert!(error.contains("inbox.lease"), "{error}");
        assert!(error.contains("redis.timeout"), "{error}");
    }

    #[test]
    fn zero_is_refused_by_name() {
        for key in ["worker.concurrency", "worker.attempts"] {
            let lookup = MapLookup::from([("postgres.url", "postgres://127.0.0.1/x"), (key, "0")]);
            let error = Config::from_lookup(&lookup).unwrap_err().to_string();
            assert!(error.contains(key), "{error}");
        }
    }
}
