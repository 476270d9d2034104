//! The section `[telemetry]`: where traces and metrics go, and how much of them.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use waypost_settings::{ExposeSecret, Key, Lookup, Reader, SecretString, SettingsError};

/// Where traces and metrics go, and how much of them.
#[derive(Clone, Debug)]
pub struct TelemetrySettings {
    /// Address of the collector; without one nothing is sent.
    pub endpoint: Option<String>,
    /// How to talk to it.
    pub protocol: Protocol,
    /// What goes with every request.
    pub headers: Vec<Header>,
    /// Name of the service there; the program's, when not set.
    pub service_name: Option<String>,
    /// Part of all traces that is kept, from 0 to 1.
    pub sample_ratio: f64,
    /// A span that takes as long is kept in any case.
    pub slow: Duration,
    /// Spans that may wait to be sent.
    pub queue: usize,
    /// How often metrics are sent.
    pub interval: Duration,
}

/// How to talk to the collector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// OTLP over gRPC, usually port 4317.
    Grpc,
    /// OTLP as protobuf over HTTP, usually port 4318.
    Http,
}

/// A header for the collector, most often its credential.
#[derive(Clone)]
pub struct Header {
    /// Its name, in lower case.
    pub name: String,
    /// What it says.
    pub value: SecretString,
}

impl TelemetrySettings {
    /// The keys of the section `[telemetry]`.
    pub const KEYS: &'static [Key] = &[
        Key::optional(
            "telemetry.otlp_endpoint",
            "Address of the collector for traces and metrics, like http://collector:4317. Unset: nothing is sent; /metrics is there in any case.",
        )
        .alias(&["OTEL_EXPORTER_OTLP_ENDPOINT"]),
        Key::new(
            "telemetry.otlp_protocol",
            "grpc",
            "How to talk to it: `grpc` (usually port 4317) or `http` (protobuf, usually port 4318; /v1/traces and /v1/metrics are appended).",
        )
        .alias(&["OTEL_EXPORTER_OTLP_PROTOCOL"]),
        Key::secret(
            "telemetry.otlp_headers",
            "Headers for it, like `authorization=Bearer%20abc,x-scope-orgid=1`: name=value with commas between, values percent-encoded.",
        )
        .alias(&["OTEL_EXPORTER_OTLP_HEADERS"]),
        Key::optional(
            "telemetry.service_name",
            "Name of the service in traces and metrics. Unset: the program's.",
        )
        .alias(&["OTEL_SERVICE_NAME"]),
        Key::new(
            "telemetry.sample_ratio",
            "1.0",
            "Part of all traces that is kept, from 0 to 1, decided by the message's id. Errors, unknown outcomes and slow spans are kept in any case.",
        )
        .alias(&["OTEL_TRACES_SAMPLER_ARG"]),
        Key::new(
            "telemetry.slow",
            "2s",
            "A span that takes as long is kept although its trace is not sampled.",
        ),
        Key::new(
            "telemetry.queue",
            "8192",
            "Spans that may wait to be sent; more are dropped and counted.",
        ),
        Key::new(
            "telemetry.interval",
            "15s",
            "How often metrics are sent to the collector.",
        ),
    ];

    /// Reads and checks the section.
    pub fn from_lookup(lookup: &dyn Lookup) -> Result<Self, SettingsError> {
        let read = Reader::new(lookup, Self::KEYS);
        let protocol = [
            ("grpc", Protocol::Grpc),
            ("http", Protocol::Http),
            ("http/protobuf", Protocol::Http),
        ];
        let settings = Self {
            endpoint: endpoint(&read)?,
            protocol: read.choice("telemetry.otlp_protocol", &protocol)?,
            headers: headers(&read)?,
            service_name: read.opt_string("telemetry.service_name")?,
            sample_ratio: read.number("telemetry.sample_ratio")?,
            slow: read.duration("telemetry.slow")?,
            queue: read.usize("telemetry.queue")?,
            interval: read.duration("telemetry.interval")?,
        };
        if !(0.0..=1.0).contains(&settings.sample_ratio) {
            return Err(read.invalid("telemetry.sample_ratio", "must be from 0 to 1"));
        }
        if !(1..=MOST_QUEUED).contains(&settings.queue) {
            let reason = format!("must be from 1 to {MOST_QUEUED}");
            return Err(read.invalid("telemetry.queue", reason));
        }
        if settings.interval < SHORTEST_INTERVAL {
            return Err(read.invalid("telemetry.interval", "must be 1s or longer"));
        }
        Ok(settings)
    }
}

/// Room for them is made at the start.
const MOST_QUEUED: usize = 1 << 20;
const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);

fn endpoint(read: &Reader<'_>) -> Result<Option<String>, SettingsError> {
    let Some(text) = read.opt_string("telemetry.otlp_endpoint")? else {
        return Ok(None);
    };
    let address = text.trim().trim_end_matches('/');
    let rest = address
        .strip_prefix("http://")
        .or_else(|| address.strip_prefix("https://"));
    let good = rest.is_some_and(|rest| {
        !rest.is_empty() && !rest.starts_with([':', '/']) && !rest.contains([' ', '@', '?', '#'])
    });
    match good {
        true => Ok(Some(address.to_owned())),
        false => Err(read.invalid(
            "telemetry.otlp_endpoint",
            "want an address like http://collector:4317, without a user name; credentials go into telemetry.otlp_headers",
        )),
    }
}

fn headers(read: &Reader<'_>) -> Result<Vec<Header>, SettingsError> {
    const WANTED: &str = "want name=value with commas between, values percent-encoded";
    let pairs = read.secrets("telemetry.otlp_headers")?;
    let header = |pair: &SecretString| {
        let (name, value) = pair.expose_secret().split_once('=')?;
        let name = name.trim().to_ascii_lowercase();
        let is_name = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        let value: Cow<'_, str> = percent_decode_str(value.trim()).decode_utf8().ok()?;
        let good = !name.is_empty()
            && name.bytes().all(is_name)
            && value.bytes().all(|b| matches!(b, b' '..=b'~'));
        good.then(|| Header {
            name,
            value: SecretString::from(value.into_owned()),
        })
    };
    pairs
        .iter()
        .map(|pair| header(pair).ok_or_else(|| read.invalid("telemetry.otlp_headers", WANTED)))
        .collect()
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Header")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use waypost_settings::MapLookup;

    use super::*;

    fn read<const N: usize>(values: [(&str, &str); N]) -> Result<TelemetrySettings, SettingsError> {
        TelemetrySettings::from_lookup(&MapLookup::from(values))
    }

    #[test]
    fn by_default_nothing_is_sent() {
        let settings = read([]).unwrap();
        assert_eq!(settings.endpoint, None);
        assert_eq!(settings.protocol, Protocol::Grpc);
        assert_eq!(settings.slow, Duration::from_secs(2));
        assert_eq!((settings.queue, settings.sample_ratio), (8192, 1.0));
    }

    #[test]
    fn opentelemetrys_own_names_work() {
        let settings = read([
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            (
                "OTEL_EXPORTER_OTLP_HEADERS",
                "Authorization=Bearer%20a%3Db, x-scope-orgid=1",
            ),
            ("OTEL_SERVICE_NAME", "mine"),
            ("OTEL_TRACES_SAMPLER_ARG", "0.25"),
        ])
        .unwrap();
        assert_eq!(settings.endpoint.as_deref(), Some("http://collector:4318"));
        assert_eq!(settings.protocol, Protocol::Http);
        assert_eq!(settings.service_name.as_deref(), Some("mine"));
        assert_eq!(settings.sample_ratio, 0.25);
        let headers: Vec<_> = settings
            .headers
            .iter()
            .map(|header| (header.name.as_str(), header.value.expose_secret()))
            .collect();
        assert_eq!(
            headers,
            [("authorization", "Bearer a=b"), ("x-scope-orgid", "1")]
        );
        assert!(!format!("{settings:?}").contains("Bearer"));
    }

    #[test]
    fn what_cannot_work_is_refused_by_key_and_shows_no_secret() {
        for (key, value) in [
            ("telemetry.otlp_endpoint", "collector:4317"),
            ("telemetry.otlp_endpoint", "http://"),
            ("telemetry.otlp_endpoint", "http://user:word@collector"),
            ("telemetry.otlp_protocol", "thrift"),
            ("telemetry.otlp_headers", "s3cret"),
            ("telemetry.otlp_headers", "a b=s3cret"),
            ("telemetry.otlp_headers", "a=s3cret%0d%0a"),
            ("telemetry.sample_ratio", "1.5"),
            ("telemetry.sample_ratio", "NaN"),
            ("telemetry.queue", "0"),
            ("telemetry.interval", "10ms"),
        ] {
            let text = read([(key, value)]).unwrap_err().to_string();
            assert!(text.contains(key), "{text}");
            assert!(!text.contains("s3cret") && !text.contains("word"), "{text}");
        }
    }
}
