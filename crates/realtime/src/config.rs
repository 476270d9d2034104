//! What can be configured.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use http::HeaderValue;
use waypost_queue::{EventSettings, RedisSettings};
use waypost_runtime::AdminSettings;
use waypost_settings::{Key, Lookup, Reader, SettingsError, refuse_unknown};
use waypost_telemetry::LogSettings;
use waypost_token::TokenSettings;

/// Every key that this service reads.
pub const KEYS: &[&[Key]] = &[
    REALTIME,
    TokenSettings::KEYS,
    EventSettings::KEYS,
    AdminSettings::KEYS,
    RedisSettings::KEYS,
    LogSettings::KEYS,
];

const REALTIME: &[Key] = &[
    Key::new(
        "realtime.listen",
        "0.0.0.0:8082",
        "Address of the public listener, the one browsers reach: Socket.IO and server-sent events.",
    ),
    Key::new(
        "realtime.tokens_listen",
        "0.0.0.0:8083",
        "Address of the private listener on which a front end's own server gets tokens for its browsers; used only when realtime.keys_file is set.",
    ),
    Key::optional(
        "realtime.keys_file",
        "TOML file with a table for each bearer key that may ask for tokens, by name: sha256, numbers; `waypost key new` makes one. Read again when it changes. Without it no tokens are issued here.",
    ),
    Key::optional(
        "realtime.origins",
        "Origins of the pages that may connect, like https://inbox.example.com, with commas between them, or * for all. Unset: no page of another origin may; clients that are no browsers always may.",
    ),
    Key::new(
        "realtime.heartbeat",
        "15s",
        "After how long without an event a client is told where it stands. Shorter than proxies keep a silent connection.",
    ),
    Key::new(
        "realtime.max_connections",
        "20000",
        "Connections at once; more wait in the kernel until there is a place.",
    ),
    Key::new(
        "realtime.max_per_token",
        "16",
        "Connections with one token at once: a user's tabs.",
    ),
    Key::new(
        "realtime.max_per_address",
        "256",
        "Connections from one address (of IPv6: one /64 network) at once. Behind a proxy set realtime.trust_forwarded, or all clients share one address.",
    ),
    Key::new(
        "realtime.trust_forwarded",
        "false",
        "Take a client's address from the last entry of X-Forwarded-For. Only where a proxy of yours always sets it.",
    ),
    Key::new(
        "realtime.queue",
        "1024",
        "Events that may wait for one client; whoever falls further behind is disconnected and may resume.",
    ),
    Key::new(
        "realtime.write_timeout",
        "30s",
        "A client that takes no byte for this long is disconnected.",
    ),
    Key::new(
        "realtime.drain_spread",
        "5s",
        "Within what time clients are asked to come back when the process stops: each at a random moment, so that they don't all come at once.",
    ),
    Key::new(
        "realtime.drain_deadline",
        "25s",
        "How long connections may take to end when the process is told to stop. Shorter than Kubernetes' grace period.",
    ),
];

/// The configuration of the service, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where browsers connect. `run` takes listeners that are bound already; this is for whoever binds them.
    pub listen: SocketAddr,
    /// Where tokens are issued.
    pub tokens_listen: SocketAddr,
    /// Who may ask for tokens. Without it none are issued.
    pub keys_file: Option<PathBuf>,
    /// Which pages may connect.
    pub origins: Origins,
    /// After how much silence a client hears where it stands.
    pub heartbeat: Duration,
    /// Connections at once.
    pub max_connections: usize,
    /// Connections with one token.
    pub max_per_token: usize,
    /// Connections from one address.
    pub max_per_address: usize,
    /// Whether a proxy says whose a connection is.
    pub trust_forwarded: bool,
    /// Events that may wait for one client.
    pub queue: usize,
    /// How long a client may take no byte.
    pub write_timeout: Duration,
    /// Within what time clients come back.
    pub drain_spread: Duration,
    /// How long the end may take.
    pub drain_deadline: Duration,
    /// What tokens are signed with.
    pub tokens: TokenSettings,
    /// The stream.
    pub events: EventSettings,
    /// The private listener.
    pub admin: AdminSettings,
    /// How to reach Redis.
    pub redis: RedisSettings,
}

/// The pages that may connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origins {
    /// Whoever has a token.
    All,
    /// These.
    These(Vec<HeaderValue>),
}

impl Config {
    /// Reads the configuration of a process that is this service alone: names that nobody knows are refused.
    ///
    /// # Errors
    /// Names the key that is unknown, missing, wrong or in contradiction to another.
    pub fn read(lookup: &dyn Lookup) -> Result<Self, SettingsError> {
        refuse_unknown(lookup, KEYS)?;
        Self::from_lookup(lookup)
    }

    /// Reads and checks everything but the log's section, which is needed before.
    ///
    /// # Errors
    /// The same.
    pub fn from_lookup(lookup: &dyn Lookup) -> Result<Self, SettingsError> {
        let read = Reader::new(lookup, REALTIME);
        let tokens = TokenSettings::from_lookup(lookup)?;
        if tokens.secrets.is_empty() {
            let [key] = TokenSettings::KEYS else {
                return Err(SettingsError::Undeclared("realtime.secrets".to_owned()));
            };
            return Err(SettingsError::Missing {
                key: key.path,
                env: key.env_name(),
            });
        }
        let config = Self {
            listen: read.socket_addr("realtime.listen")?,
            tokens_listen: read.socket_addr("realtime.tokens_listen")?,
            keys_file: read.opt_path("realtime.keys_file")?,
            origins: origins(&read)?,
            heartbeat: positive(&read, "realtime.heartbeat")?,
            max_connections: count(&read, "realtime.max_connections")?,
            max_per_token: count(&read, "realtime.max_per_token")?,
            max_per_address: count(&read, "realtime.max_per_address")?,
            trust_forwarded: read.bool("realtime.trust_forwarded")?,
            queue: count(&read, "realtime.queue")?,
            write_timeout: positive(&read, "realtime.write_timeout")?,
            drain_spread: read.duration("realtime.drain_spread")?,
            drain_deadline: read.duration("realtime.drain_deadline")?,
            tokens,
            events: EventSettings::from_lookup(lookup)?,
            admin: AdminSettings::from_lookup(lookup)?,
            redis: RedisSettings::from_lookup(lookup)?,
        };
        Ok(config)
    }
}

fn origins(read: &Reader<'_>) -> Result<Origins, SettingsError> {
    let wrong = |origin: &str| {
        read.invalid(
            "realtime.origins",
            format!("`{origin}` is no origin: want scheme and host, like https://inbox.example.com, no path; or * alone"),
        )
    };
    let list = read.list("realtime.origins")?;
    if list == ["*"] {
        return Ok(Origins::All);
    }
    let these = list.iter().map(|origin| {
        let host = origin
            .strip_prefix("https://")
            .or_else(|| origin.strip_prefix("http://"));
        let fine =
            host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '*', '?', '@']));
        match HeaderValue::from_str(origin) {
            // Browsers write it in small letters.
            Ok(value) if fine && !origin.contains(char::is_uppercase) => Ok(value),
            _ => Err(wrong(origin)),
        }
    });
    these.collect::<Result<_, _>>().map(Origins::These)
}

fn positive(read: &Reader<'_>, path: &str) -> Result<Duration, SettingsError> {
    let duration = read.duration(path)?;
    if duration.is_zero() {
        return Err(read.invalid(path, "must be longer than 0"));
    }
    Ok(duration)
}

fn count(read: &Reader<'_>, path: &str) -> Result<usize, SettingsError> {
    match read.usize(path)? {
        0 => Err(read.invalid(path, "must be at least 1")),
        count => Ok(count),
    }
}

#[cfg(test)]
mod tests {
    use waypost_settings::MapLookup;

    use super::*;

    fn given() -> MapLookup {
        MapLookup::from([("realtime.secrets", "0123456789abcdef0123456789abcdef")])
    }

    #[test]
    fn a_secret_is_enough() {
        let config = Config::read(&given()).unwrap();
        assert_eq!(config.origins, Origins::These(Vec::new()));
        assert!(config.keys_file.is_none() && !config.trust_forwarded);
        assert!(!format!("{config:?}").contains("0123456789"));
    }

    #[test]
    fn without_a_secret_it_says_what_to_set() {
        let error = Config::read(&MapLookup::default()).unwrap_err();
        assert!(error.to_string().contains("realtime.secrets"), "{error}");
    }

    #[test]
    fn values_that_cannot_work_are_refused_by_key() {
        for (key, value) in [
            ("realtime.origins", "inbox.example.com"),
            ("realtime.origins", "https://a.example/,"),
            ("realtime.origins", "*,https://a.example"),
            ("realtime.origins", "https://A.example"),
            ("realtime.heartbeat", "0s"),
            ("realtime.queue", "0"),
            ("realtime.listen", "8082"),
        ] {
            let text = Config::from_lookup(&given().with(key, value))
                .unwrap_err()
                .to_string();
            assert!(text.contains(key), "{text}");
        }
    }
}
