//! What can be configured here.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use waypost_settings::{Key, Lookup, Reader, SettingsError};

/// How to reach Redis.
#[derive(Clone, Debug)]
pub struct RedisSettings {
    /// `redis://` or `rediss://` address; secret, since it may carry a password.
    pub url: SecretString,
    /// Put before every key.
    pub prefix: String,
    /// How long an ordinary command may take.
    pub timeout: Duration,
    /// Start although Redis may evict keys or keeps nothing on disk.
    pub allow_unsafe: bool,
}

impl RedisSettings {
    /// The keys read here.
    pub const KEYS: &'static [Key] = &[
        Key::secret(
            "redis.url",
            "Address of Redis: redis://[user:password@]host:port[/db], rediss:// for TLS. Default: made of redis.host, redis.port and redis.password.",
        )
        .alias(&["REDIS_URL"]),
        Key::new("redis.host", "127.0.0.1", "Host of Redis, when redis.url is not given.")
            .alias(&["REDIS_HOST"]),
        Key::new("redis.port", "6379", "Port of Redis, when redis.url is not given.")
            .alias(&["REDIS_PORT"]),
        Key::secret("redis.password", "Password of Redis, when redis.url is not given.")
            .alias(&["REDIS_PASSWORD"]),
        Key::new("redis.prefix", "wp:", "Put before every key."),
        Key::new("redis.timeout", "2s", "How long a command may take before its outcome counts as unknown."),
        Key::new(
            "redis.allow_unsafe",
            "false",
            "Start although Redis may evict keys (maxmemory-policy) or keeps nothing on disk (appendonly no). Messages can then be lost.",
        ),
    ];

    /// Reads the keys.
    ///
    /// # Errors
    /// Names the key that is missing or wrong.
    pub fn from_lookup(lookup: &dyn Lookup) -> Result<Self, SettingsError> {
        let read = Reader::new(lookup, Self::KEYS);
        let url = match read.opt_secret("redis.url")? {
            Some(url) => url,
            None => {
                let host = read.string("redis.host")?;
                let port: u16 = read.number("redis.port")?;
                let login = read
                    .opt_secret("redis.password")?
                    .map(|password| format!(":{}@", percent_encode(password.expose_secret())))
                    .unwrap_or_default();
                SecretString::from(format!("redis://{login}{host}:{port}"))
            }
        };
        Ok(Self {
            url,
            prefix: read.string("redis.prefix")?,
            timeout: read.duration("redis.timeout")?,
            allow_unsafe: read.bool("redis.allow_unsafe")?,
        })
    }

    /// Defaults for a Redis at `url`.
    pub fn for_url(url: &str) -> Self {
        Self {
            url: SecretString::from(url.to_owned()),
            prefix: "wp:".to_owned(),
            timeout: Duration::from_secs(2),
            allow_unsafe: false,
        }
    }

    /// The same with another prefix.
    #[must_use]
    pub fn with_prefix(mut self, prefix: &str) -> Self {
        prefix.clone_into(&mut self.prefix);
        self
    }
}

/// A password may hold any character; in the address of Redis only these are safe as they are.
fn percent_encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// When an enqueued entry counts as durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AckMode {
    /// When the primary has acknowledged the write. How durable that is, its `appendfsync` says.
    Primary,
    /// When at least one replica has acknowledged it too (`WAIT`).
    Replica,
}

/// The inbox: sizes, times and limits.
#[derive(Clone, Debug)]
pub struct InboxSettings {
    /// How many partitions. Each has its own hash tag, so that a Redis Cluster could spread them over its nodes.
    pub partitions: u16,
    /// When an entry counts as durable.
    pub ack: AckMode,
    /// Waiting entries of a partition above which enqueueing is refused.
    pub max_backlog: u64,
    /// Bodies above this many bytes are compressed.
    pub compress_above: usize,
    /// How long a consumer may be silent before its entries go to others.
    pub lease: Duration,
    /// How often a consumer extends its lease and looks for lapsed ones.
    pub heartbeat: Duration,
}

impl Default for InboxSettings {
    fn default() -> Self {
        Self {
            partitions: 1,
            ack: AckMode::Primary,
            max_backlog: 1_000_000,
            compress_above: 8 << 10,
            lease: Duration::from_secs(10),
            heartbeat: Duration::from_secs(2),
        }
    }
}

impl InboxSettings {
    /// The keys read here.
    pub const KEYS: &'static [Key] = &[
        Key::new(
            "inbox.partitions",
            "1",
            "Partitions of the inbox, 1 to 1024. All processes must agree; grow it, never shrink it while entries wait.",
        ),
        Key::new(
            "inbox.ack",
            "primary",
            "When an entry counts as durable: primary, or replica to also wait for one replica.",
        ),
        Key::new(
            "inbox.max_backlog",
            "1000000",
            "Waiting entries of one partition above which webhooks are answered 503.",
        ),
        Key::new(
            "inbox.compress_above",
            "8KiB",
            "Bodies larger than this are compressed with zstd.",
        ),
        Key::new(
            "inbox.lease",
            "10s",
            "How long a worker may be silent before what it holds goes to another.",
        ),
        Key::new(
            "inbox.heartbeat",
            "2s",
            "How often a worker extends its lease and looks for lapsed ones; at most a third of inbox.lease.",
        ),
    ];

    /// Reads the keys.
    ///
    /// # Errors
    /// Names the key that is wrong, or the two that contradict each other.
    pub fn from_lookup(lookup: &dyn Lookup) -> Result<Self, SettingsError> {
        let read = Reader::new(lookup, Self::KEYS);
        let settings = Self {
            partitions: read.number("inbox.partitions")?,
            ack: read.choice(
                "inbox.ack",
                &[("primary", AckMode::Primary), ("replica", AckMode::Replica)],
            )?,
            max_backlog: read.u64("inbox.max_backlog")?,
            compress_above: usize::try_from(read.bytes("inbox.compress_above")?)
                .map_err(|_| read.invalid("inbox.compress_above", "is too large"))?,
            lease: read.duration("inbox.lease")?,
            heartbeat: read.duration("inbox.heartbeat")?,
        };
        if !(1..=1024).contains(&settings.partitions) {
            return Err(read.invalid("inbox.partitions", "must be 1 to 1024"));
        }
        if settings.heartbeat.is_zero() || settings.heartbeat * 3 > settings.lease {
            return Err(SettingsError::Contradiction {
                keys: vec!["inbox.heartbeat", "inbox.lease"],
                reason: "a heartbeat must be above zero and at most a third of the lease, or one late beat hands a living worker's entries to another".to_owned(),
            });
        }
        Ok(settings)
    }
}

/// What Redis remembers of committed effects, to spare Postgres.
#[derive(Clone, Debug)]
pub struct MemorySettings {
    /// How long at least; up to twice as long. Zero remembers nothing.
    pub ttl: Duration,
}

impl Default for MemorySettings {
    fn default() -> Self {
        Self {
            ttl: Duration::from_secs(3600),
        }
    }
}

impl MemorySettings {
    /// The keys read here.
    pub const KEYS: &'static [Key] = &[Key::new(
        "dedup.ttl",
        "1h",
        "How long Redis remembers a committed message, status or change (at least; at most twice as long). 0s: not at all, Postgres alone decides.",
    )];

    /// Reads the keys.
    ///
    /// # Errors
    /// Names the key that is wrong.
    pub fn from_lookup(lookup: &dyn Lookup) -> Result<Self, SettingsError> {
        Ok(Self {
            ttl: Reader::new(lookup, Self::KEYS).duration("dedup.ttl")?,
        })
    }
}

/// The stream of events.
#[derive(Clone, Debug)]
pub struct EventSettings {
    /// About how many events are kept.
    pub keep: u64,
}

impl Default for EventSettings {
    fn default() -> Self {
        Self { keep: 100_000 }
    }
}

impl EventSettings {
    /// The keys read here.
    pub const KEYS: &'static [Key] = &[Key::new(
        "events.keep",
        "100000",
        "About how many events the stream keeps for clients that come back.",
    )];

    /// Reads the keys.
    ///
    /// # Errors
    /// Names the key that is wrong.
    pub fn from_lookup(lookup: &dyn Lookup) -> Result<Self, SettingsError> {
        Ok(Self {
            keep: Reader::new(lookup, Self::KEYS).u64("events.keep")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use waypost_settings::MapLookup;

    use super::*;

    #[test]
    fn old_names_make_an_address() {
        let lookup = MapLookup::from([
            ("REDIS_HOST", "cache"),
            ("REDIS_PORT", "7000"),
            ("REDIS_PASSWORD", "p@ss/word"),
        ]);
        let settings = RedisSettings::from_lookup(&lookup).unwrap();
        assert_eq!(
            settings.url.expose_secret(),
            "redis://:p%40ss%2Fword@cache:7000"
        );
        assert!(!format!("{settings:?}").contains("p%40ss"));
    }

    #[test]
    fn a_heartbeat_slower_than_the_lease_is_refused_by_name() {
        let lookup = MapLookup::from([("inbox.lease", "5s"), ("inbox.heartbeat", "4s")]);
        let error = InboxSettings::from_lookup(&lookup).unwrap_err().to_string();
        assert!(error.contains("inbox.heartbeat"), "{error}");
        assert!(error.contains("inbox.lease"), "{error}");
    }

    #[test]
    fn the_documented_defaults_are_the_defaults() {
        let read = InboxSettings::from_lookup(&MapLookup::default()).unwrap();
        assert_eq!(
            format!("{read:?}"),
            format!("{:?}", InboxSettings::default())
        );
    }
}
