//! What can be configured here.

use std::time::Duration;

use waypost_queue::{InboxSettings, LaneSettings, OutboxSettings, RedisSettings};
use waypost_runtime::AdminSettings;
use waypost_settings::{
    Key, Lookup, NumbersSettings, Reader, SecretString, SettingsError, WHATSAPP,
};
use waypost_telemetry::LogSettings;

/// Where Meta is.
#[derive(Clone, Debug)]
pub struct GraphSettings {
    /// Address without version and path.
    pub url: String,
    /// Version of the Graph API, like `v26.0`.
    pub version: String,
    /// Token of numbers that have none of their own.
    pub api_token: Option<SecretString>,
    /// Secret of the app that this token belongs to.
    pub app_secret: Option<SecretString>,
}

impl GraphSettings {
    /// The keys of the section `[graph]`.
    pub const KEYS: &'static [Key] = &[
        Key::new(
            "graph.url",
            "https://graph.facebook.com",
            "Address of the Graph API.",
        ),
        Key::new(
            "graph.version",
            "v26.0",
            "Version of the Graph API. Meta ends each about two years after it came.",
        ),
        Key::secret(
            "graph.app_secret",
            "Secret of the app that whatsapp.api_token belongs to: adds appsecret_proof to the requests made with it. A number with a token of its own has its secret in numbers.file.",
        ),
    ];

    fn from_lookup(lookup: &dyn Lookup) -> Result<Self, SettingsError> {
        let read = Reader::new(lookup, Self::KEYS);
        let settings = Self {
            url: read.string("graph.url")?.trim_end_matches('/').to_owned(),
            version: read.string("graph.version")?,
            app_secret: read.opt_secret("graph.app_secret")?,
            api_token: Reader::new(lookup, WHATSAPP).opt_secret("whatsapp.api_token")?,
        };
        let good = reqwest::Url::parse(&settings.url)
            .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        if !good {
            return Err(read.invalid(
                "graph.url",
                "want an address like https://graph.facebook.com",
            ));
        }
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let version = settings
            .version
            .strip_prefix('v')
            .and_then(|v| v.split_once('.'));
        if !version.is_some_and(|(major, minor)| digits(major) && digits(minor)) {
            return Err(read.invalid("graph.version", "want a version like v26.0"));
        }
        Ok(settings)
    }
}

/// How the dispatcher works.
#[derive(Clone, Debug)]
pub struct DispatcherSettings {
    /// Requests under way at once.
    pub concurrency: usize,
    /// Attempts before a message is given up.
    pub attempts: u32,
    /// Upper bound of the wait after the first failure; doubles with each.
    pub backoff: Duration,
    /// No wait grows beyond this.
    pub backoff_cap: Duration,
    /// Longest wait of a pair that Meta calls too fast: 4^n s up to this.
    pub pair_cap: Duration,
    /// How long a request may take in all.
    pub request_timeout: Duration,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long to wait for an echo before policy decides.
    pub unknown_deadline: Duration,
    /// How long requests may take to finish at the end.
    pub drain_deadline: Duration,
}

impl DispatcherSettings {
    /// The keys read here.
    pub const KEYS: &'static [Key] = &[
        Key::new(
            "dispatcher.concurrency",
            "512",
            "Requests to the Graph API under way at once, in one process.",
        ),
        Key::new(
            "dispatcher.attempts",
            "5",
            "Attempts before a message becomes a dead letter. Waiting for a limit, an open circuit breaker or a stopped number spends none.",
        ),
        Key::new(
            "dispatcher.backoff",
            "1s",
            "Upper bound of the wait after the first failed attempt; doubles with each, the wait itself is random below it.",
        ),
        Key::new(
            "dispatcher.backoff_cap",
            "60s",
            "No such wait grows beyond this.",
        ),
        Key::new(
            "dispatcher.pair_cap",
            "256s",
            "When Meta says that messages to one person come too fast (131056), that conversation waits 1, 4, 16 … seconds, up to this.",
        ),
        Key::new(
            "dispatcher.request_timeout",
            "30s",
            "How long a request may take. What has no answer by then is unknown, never unsent.",
        ),
        Key::new(
            "dispatcher.connect_timeout",
            "5s",
            "How long connecting may take.",
        ),
        Key::new(
            "dispatcher.unknown_deadline",
            "30s",
            "How long a message whose outcome is unknown waits for a status that echoes it, before its on_unknown decides.",
        ),
        Key::new(
            "dispatcher.drain_deadline",
            "35s",
            "How long requests may take to finish after SIGTERM; what is not answered by then is unknown.",
        ),
    ];

    fn from_lookup(lookup: &dyn Lookup) -> Result<Self, SettingsError> {
        let read = Reader::new(lookup, Self::KEYS);
        let settings = Self {
            concurrency: read.usize("dispatcher.concurrency")?,
            attempts: read.number("dispatcher.attempts")?,
            backoff: read.duration("dispatcher.backoff")?,
            backoff_cap: read.duration("dispatcher.backoff_cap")?,
            pair_cap: read.duration("dispatcher.pair_cap")?,
            request_timeout: read.duration("dispatcher.request_timeout")?,
            connect_timeout: read.duration("dispatcher.connect_timeout")?,
            unknown_deadline: read.duration("dispatcher.unknown_deadline")?,
            drain_deadline: read.duration("dispatcher.drain_deadline")?,
        };
        for (key, zero) in [
            ("dispatcher.concurrency", settings.concurrency == 0),
            ("dispatcher.attempts", settings.attempts == 0),
            (
                "dispatcher.request_timeout",
                settings.request_timeout.is_zero(),
            ),
            (
                "dispatcher.connect_timeout",
                settings.connect_timeout.is_zero(),
            ),
        ] {
            if zero {
                return Err(read.invalid(key, "must be above zero"));
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
    /// The inbox, which is asked whether an echo may still be in it.
    pub inbox: InboxSettings,
    /// The outbox.
    pub outbox: OutboxSettings,
    /// Leases, limits, circuit breaker.
    pub lanes: LaneSettings,
    /// Where Meta is.
    pub graph: GraphSettings,
    /// Where the file of numbers is.
    pub numbers: NumbersSettings,
    /// How to work.
    pub dispatcher: DispatcherSettings,
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
    LaneSettings::KEYS,
    GraphSettings::KEYS,
    WHATSAPP,
    NumbersSettings::KEYS,
    DispatcherSettings::KEYS,
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
            lanes: LaneSettings::from_lookup(lookup)?,
            graph: GraphSettings::from_lookup(lookup)?,
            numbers: NumbersSettings::from_lookup(lookup)?,
            dispatcher: DispatcherSettings::from_lookup(lookup)?,
            admin: AdminSettings::from_lookup(lookup)?,
            log: LogSettings::from_lookup(lookup)?,
        };
        if config.lanes.probe <= config.dispatcher.request_timeout {
            return Err(SettingsError::Contradiction {
                keys: vec!["breaker.probe", "dispatcher.request_timeout"],
                reason:
                    "a probe must have longer than its request, or two probes are under way at once"
                        .to_owned(),
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
    fn nothing_has_to_be_set() {
        let config = Config::from_lookup(&MapLookup::default()).unwrap();
        assert_eq!(config.graph.url, "https://graph.facebook.com");
        assert!(config.graph.api_token.is_none());
    }

    #[test]
    fn what_cannot_work_is_refused_by_key() {
        for (key, value) in [
            ("graph.url", "graph.facebook.com"),
            ("graph.version", "26"),
            ("dispatcher.concurrency", "0"),
            ("breaker.probe", "10s"),
        ] {
            let lookup = MapLookup::from([(key, value)]);
            let text = Config::from_lookup(&lookup).unwrap_err().to_string();
            assert!(text.contains(key), "{text}");
        }
    }

    #[test]
    fn no_token_shows_in_debug_output() {
        let lookup = MapLookup::from([("WHATSAPP_API_TOKEN", "EAAsecret")]);
        let config = Config::from_lookup(&lookup).unwrap();
        assert!(!format!("{config:?}").contains("EAAsecret"));
    }
}
