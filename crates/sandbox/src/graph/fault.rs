//! What is to go wrong, when, and how. Written as JSON too, for the control endpoint:
//!
//! ```json
//! [
//!   {"when": {"number": "200000000000001", "first": 3}, "what": {"error": {"code": 131056}}},
//!   {"when": {"probability": 0.05}, "what": "reset_after"},
//!   {"when": {"after_ms": 5000, "until_ms": 9000}, "what": {"server_error": 503}},
//!   {"what": {"slow_ms": 200}}
//! ]
//! ```

use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::codes::known;

/// One fault. Of several that fit a request, the first acts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Which requests it befalls; by default all.
    #[serde(default)]
    pub when: Filter,
    /// What happens.
    pub what: Effect,
    /// No status webhook ever comes of messages accepted under this fault.
    #[serde(default)]
    pub silent: bool,
}

/// Which requests to send a message are meant. All that is given must hold.
///
/// `nth`, `every`, `first` and `probability` count and roll only for the requests that everything else lets through.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Filter {
    /// Phone number id.
    pub number: Option<String>,
    /// `to` or `recipient`, with or without `+`.
    pub recipient: Option<String>,
    /// The id in `biz_opaque_callback_data`.
    pub our_id: Option<Uuid>,
    /// The bearer token.
    pub token: Option<String>,
    /// Just this one, counted from 1.
    pub nth: Option<u64>,
    /// Every so many: with 3 the third, the sixth and so on.
    pub every: Option<u64>,
    /// Only so many, then never again.
    pub first: Option<u64>,
    /// With this chance, from 0 to 1, rolled with the seed.
    pub probability: Option<f64>,
    /// Not before this time has passed since the faults were set, in milliseconds.
    pub after_ms: Option<u64>,
    /// And not after this.
    pub until_ms: Option<u64>,
}

/// What happens to a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Meta's error body; nothing is accepted.
    Error(ErrorAnswer),
    /// 429 without JSON; nothing is accepted.
    #[serde(rename = "bare_429")]
    Bare429 {
        /// `Retry-After`, in seconds.
        #[serde(default)]
        retry_after: Option<u64>,
    },
    /// A status like 502 without JSON; nothing is accepted, which the caller cannot know.
    ServerError(u16),
    /// The token has expired: 401, code 190, subcode 463.
    TokenExpired,
    /// Accepted at once, answered so much later.
    #[serde(rename = "slow_ms", with = "super::millis")]
    Slow(Duration),
    /// The connection is reset; nothing is accepted.
    ResetBefore,
    /// Accepted, its statuses will come, and the connection is reset without an answer.
    ResetAfter,
    /// Accepted, and the connection ends in the middle of the answer.
    TruncatedAnswer,
    /// Accepted, and there is never an answer.
    HangAfterAccept,
}

/// An error as Meta words it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ErrorAnswer {
    /// `error.code`.
    pub code: u32,
    /// HTTP status; by default the code's, and 400 for a code that is not in the table.
    pub status: Option<u16>,
    /// `error.error_subcode`.
    pub subcode: Option<u32>,
    /// `error.message`; by default the code's title.
    pub message: Option<String>,
    /// `error.error_data.details`; by default the title.
    pub details: Option<String>,
    /// `Retry-After`, in seconds.
    pub retry_after: Option<u64>,
}

impl Fault {
    /// Befalls every request.
    pub fn always(what: Effect) -> Self {
        Self::when(Filter::default(), what)
    }

    /// Befalls these requests.
    pub fn when(when: Filter, what: Effect) -> Self {
        Self {
            when,
            what,
            silent: false,
        }
    }

    /// And no status webhook comes of what it accepts.
    #[must_use]
    pub fn silent(self) -> Self {
        Self {
            silent: true,
            ..self
        }
    }
}

impl Effect {
    /// This error, with the status and title that Meta gives it.
    pub fn code(code: u32) -> Self {
        Self::Error(ErrorAnswer::code(code))
    }
}

impl ErrorAnswer {
    /// This code, with the status and title that Meta gives it.
    pub fn code(code: u32) -> Self {
        Self {
            code,
            ..Self::default()
        }
    }

    pub(super) fn details(self, details: &str) -> Self {
        Self {
            details: Some(details.to_owned()),
            ..self
        }
    }

    /// The HTTP status of the answer.
    pub fn http_status(&self) -> u16 {
        self.status
            .or_else(|| known(self.code).map(|known| known.status))
            .unwrap_or(400)
    }
}

/// No token, no recipient.
impl std::fmt::Debug for Filter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Filter")
            .field("number", &self.number)
            .field("our_id", &self.our_id)
            .field("nth", &self.nth)
            .field("every", &self.every)
            .field("first", &self.first)
            .field("probability", &self.probability)
            .finish_non_exhaustive()
    }
}
