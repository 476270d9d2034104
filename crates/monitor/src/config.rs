//! What can be configured here.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use waypost_queue::{
    EventSettings, InboxSettings, LaneSettings, MemorySettings, OutboxSettings, RedisSettings,
};
use waypost_runtime::{AdminSettings, TlsSettings};
use waypost_settings::{Key, Lookup, Reader, SettingsError};
use waypost_store::StoreSettings;
use waypost_telemetry::LogSettings;
use waypost_token::TokenSettings;

use crate::realtime_url::RealtimeUrl;

/// Where the admin plane listens, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonitorSettings {
    /// gRPC, HTTP and the dashboard.
    pub listen: SocketAddr,
    /// File of bearer tokens. Without one everybody who reaches a loopback listener is an admin.
    pub tokens_file: Option<PathBuf>,
    /// TLS.
    pub tls: Option<TlsSettings>,
    /// Where browsers reach the realtime service.
    pub realtime_url: Option<RealtimeUrl>,
    /// How long what is under way may take at the end.
    pub drain_deadline: Duration,
}

impl MonitorSettings {
    /// The keys of the section `[monitor]`.
    pub const KEYS: &'static [Key] = &[
        Key::new(
            "monitor.listen",
            "127.0.0.1:9400",
            "Address of the admin plane: gRPC, HTTP/JSON and the dashboard on one port. Anything but loopback needs monitor.tokens_file.",
        ),
        Key::optional(
            "monitor.tokens_file",
            "File of bearer tokens with their roles, by hash; `waypost key new --role` makes one. Read again when it changes. Unset: whoever reaches the loopback listener is an admin.",
        ),
        Key::optional(
            "monitor.tls_certificate",
            "PEM file: the admin plane's certificate, then its intermediates. Without it it speaks plain HTTP.",
        ),
        Key::optional(
            "monitor.tls_key",
            "PEM file: the private key of monitor.tls_certificate.",
        ),
        Key::optional(
            "monitor.tls_client_ca",
            "PEM file of the authorities whose client certificates are accepted; clients without one are then refused (mTLS), tokens or not.",
        ),
        Key::optional(
            "monitor.tls_client_name",
            "The name a client certificate must bear.",
        ),
        Key::optional(
            "monitor.realtime_url",
            "Where browsers reach the realtime service, like https://realtime.example.com: told with every token, and what the inbox page connects to. realtime.origins must have the admin plane's own origin then. Unset: the inbox is not live.",
        ),
        Key::new(
            "monitor.drain_deadline",
            "25s",
            "How long calls that are under way at SIGTERM may take.",
        ),
    ];

    /// Reads and checks the section.
    ///
    /// # Errors
    /// Names the key that is wrong or in contradiction to another.
    pub fn from_lookup(lookup: &dyn Lookup) -> Result<Self, SettingsError> {
        let read = Reader::new(lookup, Self::KEYS);
        let settings = Self {
            listen: read.socket_addr("monitor.listen")?,
            tokens_file: read.opt_path("monitor.tokens_file")?,
            tls: tls(&read)?,
            realtime_url: realtime_url(&read)?,
            drain_deadline: read.duration("monitor.drain_deadline")?,
        };
        if settings.tokens_file.is_none() && !settings.listen.ip().is_loopback() {
            return Err(SettingsError::Contradiction {
                keys: vec!["monitor.listen", "monitor.tokens_file"],
                reason: "without tokens it may listen on loopback only, or anybody could clear the queues: make a token with `waypost key new --name ops --role admin` and name its file".to_owned(),
            });
        }
        Ok(settings)
    }
}

fn realtime_url(read: &Reader<'_>) -> Result<Option<RealtimeUrl>, SettingsError> {
    const KEY: &str = "monitor.realtime_url";
    let text = read.opt_string(KEY)?;
    let url = text.map(|text| RealtimeUrl::parse(&text)).transpose();
    url.map_err(|reason| read.invalid(KEY, reason))
}

fn tls(read: &Reader<'_>) -> Result<Option<TlsSettings>, SettingsError> {
    let client_ca = read.opt_path("monitor.tls_client_ca")?;
    let client_name = read.opt_string("monitor.tls_client_name")?;
    let contradiction = |keys, reason: &str| {
        Err(SettingsError::Contradiction {
            keys,
            reason: reason.to_owned(),
        })
    };
    if client_name.is_some() && client_ca.is_none() {
        return contradiction(
            vec!["monitor.tls_client_name", "monitor.tls_client_ca"],
            "a name says nothing unless an authority vouches for it: set both",
        );
    }
    match (
        read.opt_path("monitor.tls_certificate")?,
        read.opt_path("monitor.tls_key")?,
    ) {
        (Some(certificate), Some(key)) => Ok(Some(TlsSettings {
            certificate,
            key,
            client_ca,
            client_name,
        })),
        (None, None) if client_ca.is_none() => Ok(None),
        _ => contradiction(
            vec!["monitor.tls_certificate", "monitor.tls_key"],
            "certificate and key go together, and client certificates need both",
        ),
    }
}

/// Everything that the service needs to know.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen, and for whom.
    pub monitor: MonitorSettings,
    /// How to reach Redis.
    pub redis: RedisSettings,
    /// The inbox.
    pub inbox: InboxSettings,
    /// The outbox.
    pub outbox: OutboxSettings,
    /// Limits, for those numbers that have none of their own.
    pub lanes: LaneSettings,
    /// What is remembered of effects.
    pub memory: MemorySettings,
    /// The stream of events.
    pub events: EventSettings,
    /// What browsers' tokens are signed with.
    pub tokens: TokenSettings,
    /// How to reach Postgres.
    pub store: StoreSettings,
    /// The private listener.
    pub admin: AdminSettings,
    /// Logs.
    pub log: LogSettings,
}

/// All keys that this service reads.
pub const KEYS: &[&[Key]] = &[
    MonitorSettings::KEYS,
    RedisSettings::KEYS,
    InboxSettings::KEYS,
    OutboxSettings::KEYS,
    LaneSettings::KEYS,
    MemorySettings::KEYS,
    EventSettings::KEYS,
    TokenSettings::KEYS,
    StoreSettings::KEYS,
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
        Ok(Self {
            monitor: MonitorSettings::from_lookup(lookup)?,
            redis: RedisSettings::from_lookup(lookup)?,
            inbox: InboxSettings::from_lookup(lookup)?,
            outbox: OutboxSettings::from_lookup(lookup)?,
            lanes: LaneSettings::from_lookup(lookup)?,
            memory: MemorySettings::from_lookup(lookup)?,
            events: EventSettings::from_lookup(lookup)?,
            tokens: TokenSettings::from_lookup(lookup)?,
            store: StoreSettings::from_lookup(lookup)?,
            admin: AdminSettings::from_lookup(lookup)?,
            log: LogSettings::from_lookup(lookup)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use waypost_settings::MapLookup;

    use super::*;

    #[test]
    fn without_tokens_only_loopback_will_do() {
        let lookup = MapLookup::from([("monitor.listen", "0.0.0.0:9400")]);
        let text = MonitorSettings::from_lookup(&lookup)
            .unwrap_err()
            .to_string();
        assert!(
            text.contains("monitor.listen") && text.contains("key new"),
            "{text}"
        );
        for listen in ["127.0.0.1:9400", "[::1]:9400"] {
            let lookup = MapLookup::from([("monitor.listen", listen)]);
            assert!(MonitorSettings::from_lookup(&lookup).is_ok());
        }
        let lookup = MapLookup::from([
            ("monitor.listen", "0.0.0.0:9400"),
            ("monitor.tokens_file", "/tokens.toml"),
        ]);
        assert!(MonitorSettings::from_lookup(&lookup).is_ok());
    }

    #[test]
    fn an_address_for_browsers_is_read_and_a_wrong_one_is_named() {
        let lookup = MapLookup::from([("monitor.realtime_url", "https://rt.example.com/")]);
        let settings = MonitorSettings::from_lookup(&lookup).unwrap();
        let url = settings.realtime_url.unwrap().to_string();
        assert_eq!(url, "https://rt.example.com");
        let lookup = MapLookup::from([("monitor.realtime_url", "rt.example.com")]);
        let error = MonitorSettings::from_lookup(&lookup).unwrap_err();
        assert!(
            error.to_string().contains("monitor.realtime_url"),
            "{error}"
        );
    }

    #[test]
    fn half_a_tls_is_refused() {
        for half in [
            "monitor.tls_certificate",
            "monitor.tls_client_ca",
            "monitor.tls_client_name",
        ] {
            let lookup = MapLookup::from([(half, "/file.pem")]);
            assert!(MonitorSettings::from_lookup(&lookup).is_err(), "{half}");
        }
    }
}
