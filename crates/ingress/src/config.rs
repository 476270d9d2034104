//! What can be configured.

use std::net::SocketAddr;
use std::time::Duration;

use waypost_queue::{InboxSettings, OutboxSettings, RedisSettings};
use waypost_runtime::{AdminSettings, ServeSettings, TlsSettings};
use waypost_settings::{
    Key, Lookup, NumbersSettings, Reader, SecretString, SettingsError, WHATSAPP, refuse_unknown,
};
use waypost_telemetry::LogSettings;
use waypost_whatsapp::signature::AppSecrets;

use crate::send::SendSettings;
use crate::spool::SpoolSettings;

/// Every key that this service reads.
pub const KEYS: &[&[Key]] = &[
    INGRESS,
    WHATSAPP,
    SpoolSettings::KEYS,
    SendSettings::KEYS,
    NumbersSettings::KEYS,
    OutboxSettings::KEYS,
    TlsSettings::KEYS,
    AdminSettings::KEYS,
    RedisSettings::KEYS,
    InboxSettings::KEYS,
    LogSettings::KEYS,
];

const INGRESS: &[Key] = &[
    Key::new(
        "ingress.listen",
        "0.0.0.0:8080",
        "Address of the public listener, the one Meta calls.",
    ),
    Key::new(
        "ingress.body_limit",
        "3MiB",
        "Largest webhook taken; larger ones are answered 413. Meta's limit is 3 MB.",
    ),
    Key::new(
        "ingress.body_memory",
        "256MiB",
        "Memory for bodies that are still coming in; beyond it, 503.",
    ),
    Key::new(
        "ingress.body_timeout",
        "10s",
        "How long a body may take to come in; then 408.",
    ),
    Key::new(
        "ingress.header_timeout",
        "10s",
        "How long a TLS handshake, and then the head of a request, may take to come in.",
    ),
    Key::new(
        "ingress.idle_timeout",
        "75s",
        "How long a connection may be without a request. Longer than the load balancer keeps one.",
    ),
    Key::new(
        "ingress.max_connections",
        "10000",
        "Connections at once; more wait in the kernel until there is a place.",
    ),
    Key::new(
        "ingress.drain_deadline",
        "25s",
        "How long requests may take to finish when the process is told to stop. Shorter than Kubernetes' grace period.",
    ),
    Key::new(
        "ingress.retry_after",
        "5s",
        "What Retry-After says when a webhook can't be taken now.",
    ),
];

/// The configuration of the service, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen. `run` takes listeners that are bound already; this is for whoever binds them.
    pub listen: SocketAddr,
    /// Largest body taken, in bytes.
    pub body_limit: usize,
    /// Bytes of bodies that may be held while they come in.
    pub body_memory: usize,
    /// How long a body may take.
    pub body_timeout: Duration,
    /// What 503 advises.
    pub retry_after: Duration,
    /// Limits of the public listener. Its TLS is loaded by `run`.
    pub serve: ServeSettings,
    /// TLS of the public listener.
    pub tls: Option<TlsSettings>,
    /// The private listener.
    pub admin: AdminSettings,
    /// How to reach Redis.
    pub redis: RedisSettings,
    /// The queue that webhooks go to.
    pub inbox: InboxSettings,
    /// Where webhooks go while Redis is away.
    pub spool: Option<SpoolSettings>,
    /// The Send API.
    pub send: SendSettings,
    /// The file of business numbers, for their accounts.
    pub numbers: NumbersSettings,
    /// Where accepted messages go.
    pub outbox: OutboxSettings,
    /// What webhooks may be signed with.
    pub app_secrets: AppSecrets,
    /// What the handshake may show. None: every handshake is refused.
    pub verify_tokens: Vec<SecretString>,
}

impl Config {
    /// Reads the configuration of a process that is an ingress alone: names that nobody knows are refused.
    ///
    /// # Errors
    /// Names the key that is unknown, missing, wrong or in contradiction to another.
    pub fn read(lookup: &dyn Lookup) -> Result<Self, SettingsError> {
        refuse_unknown(lookup, KEYS)?;
        Self::from_lookup(lookup)
    }

    /// Reads and checks everything but the log's section, which is needed before.
    pub fn from_lookup(lookup: &dyn Lookup) -> Result<Self, SettingsError> {
        let ingress = Reader::new(lookup, INGRESS);
        let whatsapp = Reader::new(lookup, WHATSAPP);
        let app_secrets = AppSecrets::new(whatsapp.secrets("whatsapp.app_secrets")?)
            .map_err(|error| whatsapp.invalid("whatsapp.app_secrets", error.to_string()))?;
        let config = Self {
            listen: ingress.socket_addr("ingress.listen")?,
            body_limit: size(&ingress, "ingress.body_limit")?,
            body_memory: size(&ingress, "ingress.body_memory")?,
            body_timeout: positive(&ingress, "ingress.body_timeout")?,
            retry_after: ingress.duration("ingress.retry_after")?,
            serve: serve_settings(&ingress)?,
            tls: TlsSettings::from_lookup(lookup)?,
            admin: AdminSettings::from_lookup(lookup)?,
            redis: RedisSettings::from_lookup(lookup)?,
            inbox: InboxSettings::from_lookup(lookup)?,
            spool: SpoolSettings::from_lookup(lookup)?,
            send: SendSettings::from_lookup(lookup)?,
            numbers: NumbersSettings::from_lookup(lookup)?,
            outbox: OutboxSettings::from_lookup(lookup)?,
            app_secrets,
            verify_tokens: whatsapp.secrets("whatsapp.verify_tokens")?,
        };
        config.check_memory()?;
        Ok(config)
    }

    fn check_memory(&self) -> Result<(), SettingsError> {
        let sends = self.send.keys_file.is_some();
        for (counts, limit, key) in [
            (true, self.body_limit, "ingress.body_limit"),
            (sends, self.send.body_limit, "send.body_limit"),
            (sends, self.send.batch_body_limit, "send.batch_body_limit"),
        ] {
            if counts && self.body_memory < limit {
                return Err(SettingsError::Contradiction {
                    keys: vec!["ingress.body_memory", key],
                    reason: "a body of the largest size would never fit into the memory".to_owned(),
                });
            }
        }
        Ok(())
    }
}

fn serve_settings(ingress: &Reader<'_>) -> Result<ServeSettings, SettingsError> {
    let settings = ServeSettings {
        max_connections: ingress.usize("ingress.max_connections")?,
        header_timeout: positive(ingress, "ingress.header_timeout")?,
        idle_timeout: positive(ingress, "ingress.idle_timeout")?,
        drain_deadline: ingress.duration("ingress.drain_deadline")?,
        tls: None,
        half_close: true,
        tell_peer: false,
        write_timeout: None,
    };
    if settings.max_connections == 0 {
        return Err(ingress.invalid("ingress.max_connections", "must be at least 1"));
    }
    Ok(settings)
}

fn positive(reader: &Reader<'_>, path: &str) -> Result<Duration, SettingsError> {
    let duration = reader.duration(path)?;
    if duration.is_zero() {
        return Err(reader.invalid(path, "must be longer than 0"));
    }
    Ok(duration)
}

fn size(reader: &Reader<'_>, path: &str) -> Result<usize, SettingsError> {
    usize::try_from(reader.bytes(path)?)
        .map_err(|_| reader.invalid(path, "is more than this machine can address"))
}

#[cfg(test)]
mod tests {
    use waypost_settings::MapLookup;

    use super::*;

    fn given() -> MapLookup {
        MapLookup::from([
            ("WHATSAPP_APP_SECRET", "a,b"),
            ("WEBHOOK_VERIFY_TOKEN", "t"),
        ])
    }

    #[test]
    fn the_old_names_and_the_defaults_are_enough() {
        let config = Config::from_lookup(&given()).unwrap();
        assert_eq!(config.body_limit, 3 * 1024 * 1024);
        assert_eq!(config.verify_tokens.len(), 1);
        assert!(config.spool.is_none() && config.tls.is_none());
        refuse_unknown(&given().with("ingress.listen", "[::]:80"), KEYS).unwrap();
    }

    #[test]
    fn without_a_secret_it_refuses_and_says_what_to_set() {
        let text = Config::from_lookup(&MapLookup::default())
            .unwrap_err()
            .to_string();
        assert!(
            text.contains("whatsapp.app_secrets") && text.contains("WHATSAPP_APP_SECRET"),
            "{text}"
        );
    }

    #[test]
    fn values_that_cannot_work_are_refused_by_key() {
        for (key, value) in [
            ("ingress.max_connections", "0"),
            ("ingress.header_timeout", "0"),
            ("ingress.body_memory", "1MiB"),
            ("ingress.listen", "8080"),
            ("tls.certificate", "/only/half"),
            ("tls.client_ca", "/alone"),
            ("spool.max_bytes", "1KiB"),
            ("send.on_unknown", "guess"),
            ("send.body_limit", "0"),
            ("send.batch_body_limit", "1GiB"),
        ] {
            let lookup = given()
                .with("spool.dir", "/tmp/spool")
                .with("send.keys_file", "/tmp/keys.toml")
                .with(key, value);
            let text = Config::from_lookup(&lookup).unwrap_err().to_string();
            assert!(text.contains(key), "{text}");
        }
    }

    #[test]
    fn no_secret_shows_in_debug_output() {
        let lookup = MapLookup::from([
            ("WHATSAPP_APP_SECRET", "sec-ret"),
            ("WEBHOOK_VERIFY_TOKEN", "tok-en"),
        ]);
        let text = format!("{:?}", Config::from_lookup(&lookup).unwrap());
        assert!(
            !text.contains("sec-ret") && !text.contains("tok-en"),
            "{text}"
        );
    }
}
