//! The log: one subscriber, one filter, to standard error.

mod about;

use std::io::{self, IsTerminal};
use std::panic::PanicHookInfo;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{fmt, registry};
use waypost_settings::{Key, Lookup, Reader, SettingsError};

pub use about::About;

use crate::TelemetryError;

/// How and how much to log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// Filter directives as `tracing` knows them: `info`, `info,waypost_queue=debug`. Targets match by prefix.
    pub level: String,
    /// The shape of a line.
    pub format: Format,
}

/// The shape of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people, coloured on a terminal.
    Text,
    /// One JSON object a line, for collectors.
    Json,
}

impl LogSettings {
    /// The keys of the section `[log]`.
    pub const KEYS: &'static [Key] = &[
        Key::new(
            "log.level",
            "info",
            "What to log: a level, or directives like `info,waypost_queue=debug`.",
        ),
        Key::new(
            "log.format",
            "text",
            "Shape of a log line: `text` for people, `json` for collectors.",
        ),
    ];

    /// Reads and checks the section.
    pub fn from_lookup(lookup: &dyn Lookup) -> Result<Self, SettingsError> {
        let reader = Reader::new(lookup, Self::KEYS);
        let level = reader.string("log.level")?;
        filter(&level)
            .map_err(|error| reader.invalid("log.level", format!("`{level}`: {error}")))?;
        let format = reader.choice(
            "log.format",
            &[("text", Format::Text), ("json", Format::Json)],
        )?;
        Ok(Self { level, format })
    }
}

/// Installs the process-wide subscriber, and a panic hook that writes to it.
pub(crate) fn install(settings: &LogSettings) -> Result<(), TelemetryError> {
    // One global filter: a filter per layer defeats the call-site cache, and a disabled `trace!` in h2 or hyper
    // then costs fifty times as much.
    let registry = registry().with(filter(&settings.level)?);
    let lines = fmt::layer().with_writer(io::stderr);
    match settings.format {
        Format::Text => registry
            .with(lines.with_ansi(io::stderr().is_terminal()))
            .try_init()?,
        Format::Json => registry.with(lines.json().flatten_event(true)).try_init()?,
    }
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

// The default hook prints the panic's message, and a message made at run time may quote what was being worked on: a
// slice error quotes the whole string. So only a message that stands in the source is shown.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let message = panic.payload().downcast_ref::<&'static str>();
    let message = message
        .copied()
        .unwrap_or("message withheld, it may hold customers' data");
    let location = panic
        .location()
        .map(ToString::to_string)
        .unwrap_or_default();
    tracing::error!(location, "panic: {message}");
}

/// What is never logged, whatever the level: below it these crates tell what goes through them, which is what people wrote.
/// `tokio_postgres` has the parameters of every statement, `tungstenite` every message.
const QUIET: [&str; 4] = [
    "tokio_postgres::query=info",
    "tungstenite=info",
    "tokio_tungstenite=info",
    "h2=info",
];

fn filter(level: &str) -> Result<EnvFilter, tracing_subscriber::filter::ParseError> {
    let mut filter = EnvFilter::builder().parse(level)?;
    for directive in QUIET {
        filter = filter.add_directive(directive.parse()?);
    }
    Ok(filter)
}

#[cfg(test)]
mod tests {
    use waypost_settings::MapLookup;

    use super::*;

    #[test]
    fn defaults_are_text_at_info() {
        let settings = LogSettings::from_lookup(&MapLookup::default()).unwrap();
        assert_eq!(settings.level, "info");
        assert_eq!(settings.format, Format::Text);
    }

    #[test]
    fn a_bad_level_or_format_is_refused_by_key() {
        for (key, value) in [("log.level", "waypost=loudest"), ("log.format", "xml")] {
            let error = LogSettings::from_lookup(&MapLookup::from([(key, value)])).unwrap_err();
            assert!(error.to_string().contains(key), "{error}");
            assert!(error.to_string().contains(value), "{error}");
        }
    }

    #[test]
    fn the_second_install_fails_and_breaks_nothing() {
        let settings = LogSettings {
            level: "off".to_owned(),
            format: Format::Json,
        };
        install(&settings).unwrap();
        assert!(matches!(install(&settings), Err(TelemetryError::Twice(_))));
    }
}
