//! Settings of the store.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use waypost_settings::{Key, Lookup, Reader, SettingsError};

/// Whether the connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsMode {
    /// Never.
    Off,
    /// If the server offers it, with any certificate: keeps out who only listens, like libpq's `prefer`.
    Prefer,
    /// Always, and the certificate must be good for the host name.
    Require,
}

/// What to do with a message that repeats another within the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowPolicy {
    /// Keep the row and set `duplicate_of`: a person may well send "ok" twice.
    Mark,
    /// Keep it out, and record that.
    Drop,
}

/// How to reach Postgres, and for how long to keep what.
#[derive(Clone)]
pub struct StoreSettings {
    pub(crate) url: SecretString,
    pub(crate) pool: usize,
    pub(crate) connect_timeout: Duration,
    pub(crate) statement_timeout: Duration,
    pub(crate) tls: TlsMode,
    pub(crate) tls_ca: Option<PathBuf>,
    pub(crate) retention: Duration,
    pub(crate) window: Duration,
    pub(crate) policy: WindowPolicy,
}

impl StoreSettings {
    /// Every key this reads.
    pub const KEYS: &'static [Key] = &[
        Key::secret(
            "postgres.url",
            "Where Postgres is, like postgres://user:password@host/database.",
        )
        .alias(&["DATABASE_URL"]),
        Key::new(
            "postgres.pool",
            "8",
            "Connections at most; a worker uses one for each batch it writes at the same time.",
        ),
        Key::new(
            "postgres.connect_timeout",
            "5s",
            "How long a connection may take to open, or to become free in the pool.",
        ),
        Key::new(
            "postgres.statement_timeout",
            "30s",
            "How long one statement may take before the server gives it up.",
        ),
        Key::new(
            "postgres.tls",
            "prefer",
            "off, prefer (encrypts if it can, does not check who answers) or require (checks the certificate).",
        ),
        Key::optional(
            "postgres.tls_ca",
            "PEM file of certificate authorities for require, beside those of the system.",
        ),
        Key::new(
            "webhooks.retention",
            "7d",
            "How long raw webhooks are kept, in whole days; 0 does not keep them.",
        ),
        Key::new(
            "dedup.window",
            "5s",
            "Messages of the same content, number and sender are duplicates when sent at most this far apart; 0 turns it off.",
        ),
        Key::new(
            "dedup.window_policy",
            "mark",
            "mark keeps such a duplicate and says what it repeats, drop keeps it out.",
        ),
    ];

    /// Reads the settings.
    ///
    /// # Errors
    /// When a key is missing or has no sense, naming it.
    pub fn from_lookup(lookup: &dyn Lookup) -> Result<Self, SettingsError> {
        let read = Reader::new(lookup, Self::KEYS);
        let settings = Self {
            url: read.secret("postgres.url")?,
            pool: read.usize("postgres.pool")?,
            connect_timeout: read.duration("postgres.connect_timeout")?,
            statement_timeout: read.duration("postgres.statement_timeout")?,
            tls: read.choice(
                "postgres.tls",
                &[
                    ("off", TlsMode::Off),
                    ("prefer", TlsMode::Prefer),
                    ("require", TlsMode::Require),
                ],
            )?,
            tls_ca: read.opt_path("postgres.tls_ca")?,
            retention: read.duration("webhooks.retention")?,
            window: read.duration("dedup.window")?,
            policy: read.choice(
                "dedup.window_policy",
                &[("mark", WindowPolicy::Mark), ("drop", WindowPolicy::Drop)],
            )?,
        };
        if settings.pool == 0 {
            return Err(read.invalid("postgres.pool", "want at least one connection"));
        }
        for (key, value) in [
            ("postgres.connect_timeout", settings.connect_timeout),
            ("postgres.statement_timeout", settings.statement_timeout),
        ] {
            if value.is_zero() {
                return Err(read.invalid(
                    key,
                    "without a limit a silent server would stop us for ever",
                ));
            }
        }
        Ok(settings)
    }

    /// The defaults for the database at `url`.
    pub fn for_url(url: &str) -> Self {
        Self {
            url: url.into(),
            pool: 8,
            connect_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            tls: TlsMode::Prefer,
            tls_ca: None,
            retention: Duration::from_secs(7 * 24 * 60 * 60),
            window: Duration::from_secs(5),
            policy: WindowPolicy::Mark,
        }
    }

    /// Connections at most.
    #[must_use]
    pub fn with_pool(self, pool: usize) -> Self {
        Self { pool, ..self }
    }

    /// How long raw webhooks are kept; zero does not keep them.
    #[must_use]
    pub fn with_retention(self, retention: Duration) -> Self {
        Self { retention, ..self }
    }

    /// The window for level-2 duplicates and what to do with them.
    #[must_use]
    pub fn with_window(self, window: Duration, policy: WindowPolicy) -> Self {
        Self {
            window,
            policy,
            ..self
        }
    }

    /// The same with no more patience than this: for whoever has somebody waiting who would rather know.
    #[must_use]
    pub fn at_most(mut self, connect: Duration, statement: Duration) -> Self {
        self.connect_timeout = self.connect_timeout.min(connect);
        self.statement_timeout = self.statement_timeout.min(statement);
        self
    }

    /// How long one statement may take.
    #[must_use]
    pub fn with_statement_timeout(self, statement_timeout: Duration) -> Self {
        Self {
            statement_timeout,
            ..self
        }
    }

    /// Connections at most, as configured.
    pub fn pool(&self) -> usize {
        self.pool
    }
}

/// Leaves out the URL, which holds the password.
impl fmt::Debug for StoreSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreSettings")
            .field("pool", &self.pool)
            .field("tls", &self.tls)
            .field("retention", &self.retention)
            .field("window", &self.window)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use waypost_settings::MapLookup;

    use super::*;

    #[test]
    fn defaults_are_those_of_the_table() {
        let lookup = MapLookup::from([("postgres.url", "postgres://u:secret@h/d")]);
        let read = StoreSettings::from_lookup(&lookup).unwrap();
        assert_eq!(
            format!("{read:?}"),
            format!("{:?}", StoreSettings::for_url(""))
        );
        assert!(!format!("{read:?}").contains("secret"));
    }

    #[test]
    fn senseless_values_are_refused_by_name() {
        for (key, value) in [
            ("postgres.pool", "0"),
            ("postgres.statement_timeout", "0"),
            ("postgres.tls", "maybe"),
            ("dedup.window_policy", "forget"),
        ] {
            let lookup = MapLookup::from([("postgres.url", "postgres://h/d"), (key, value)]);
            let error = StoreSettings::from_lookup(&lookup).unwrap_err();
            assert!(error.to_string().contains(key), "{error}");
        }
    }
}
