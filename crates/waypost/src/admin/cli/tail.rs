//! Events as they happen.

use clap::{Args, ValueEnum};
use waypost_queue::Position;

#[derive(Debug, Args)]
pub(crate) struct Tail {
    /// Only of this business number, by Meta's id of it; may be given several times
    #[arg(long = "number", value_name = "ID")]
    pub(crate) numbers: Vec<String>,
    /// Only with this person, by our id; goes with one --number
    #[arg(long, value_name = "ID", requires = "numbers")]
    pub(crate) contact: Option<String>,
    /// Only of this kind; may be given several times
    #[arg(long = "kind", value_name = "KIND", value_enum)]
    pub(crate) kinds: Vec<EventKind>,
    /// First what came after this position, as --json shows it; 0 for all that is kept
    #[arg(long, value_name = "POSITION")]
    pub(crate) after: Option<Position>,
    /// End after so many
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: Option<u64>,
    /// With the beginning of what people wrote
    #[arg(long)]
    pub(crate) text: bool,
    /// Where the realtime service is, instead of what the monitor says: https://HOST or http://HOST:PORT
    #[arg(long, value_name = "URL", value_parser = url)]
    pub(crate) realtime_url: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EventKind {
    /// A message was stored
    Message,
    /// A message went a step further
    Status,
    /// A contact has changed
    Contact,
    /// Anything else that Meta tells of an account
    Account,
}

impl EventKind {
    /// The name of such events.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Status => "status",
            Self::Contact => "contact",
            Self::Account => "account",
        }
    }
}

/// An address of HTTP, without a slash at its end.
fn url(text: &str) -> Result<String, String> {
    let wanted = || "want https://HOST or http://HOST:PORT".to_owned();
    let url: http::Uri = text.parse().map_err(|_| wanted())?;
    let http = matches!(url.scheme_str(), Some("http" | "https"));
    // A login would be shown with every error.
    let host = url.authority().is_some_and(|at| !at.as_str().contains('@'));
    match http && host && url.query().is_none() {
        true => Ok(text.trim_end_matches('/').to_owned()),
        false => Err(wanted()),
    }
}

#[cfg(test)]
mod tests {
    use super::url;

    #[test]
    fn addresses_of_http_are_taken() {
        assert_eq!(url("http://h:1/"), Ok("http://h:1".to_owned()));
        assert_eq!(url("https://h/rt"), Ok("https://h/rt".to_owned()));
        for wrong in [
            "",
            "h:1",
            "ws://h:1",
            "https://u:p@h",
            "https://h?x=1",
            "/v1",
        ] {
            assert!(url(wrong).is_err(), "{wrong}");
        }
    }
}
