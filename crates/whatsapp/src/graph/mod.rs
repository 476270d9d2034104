//! What Meta's answer to a request means: done, again, later, never, or nobody knows.
//!
//! The verdict is that of one table (`table`): the error's code first, then its subcode, then the HTTP status. Meta's
//! advice is to branch on `code`, never on titles or statuses. The verdicts are ours, built on its pages.

mod answer;
mod rule;
mod table;

use std::fmt;
use std::time::Duration;

pub use answer::judge;
pub use table::explain;

/// How far a limit reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// This recipient from this number.
    Pair,
    /// The business number.
    Number,
    /// The WhatsApp business account.
    Account,
    /// The Meta app.
    App,
}

/// What to do with the message.
#[derive(Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Meta has it. It means accepted, not delivered.
    Done {
        /// The message's id; absent for marks as read, which make no message.
        wamid: Option<String>,
        /// Meta keeps it back for now (`held_for_quality_assessment`, `paused`): it is sent later or fails by webhook.
        held: bool,
    },
    /// Try again with backoff.
    Retry {
        /// So many attempts in all, when the code is known to be hopeless after a few.
        at_most: Option<u32>,
        /// Not earlier than this.
        after: Option<Duration>,
    },
    /// Not taken, because something is too fast or closed for a while. Costs no attempt.
    SlowDown {
        /// What has to slow down.
        scope: Scope,
        /// Not earlier than this.
        after: Option<Duration>,
    },
    /// No further attempt would change the answer.
    Never,
    /// The number or its credential is of no use until somebody acts. The message itself is not to blame.
    StopNumber,
    /// Nobody can say whether Meta took it. Only an echo can.
    Unknown,
}

/// Meta's error object.
#[derive(Clone, PartialEq, Eq)]
pub struct GraphError {
    /// What to branch on.
    pub code: i64,
    /// Finer, and seldom to be relied on.
    pub subcode: Option<i64>,
    /// Meta's short text. May hold phone numbers.
    pub message: String,
    /// Meta's long text. May hold phone numbers.
    pub details: Option<String>,
    /// What Meta's support asks for.
    pub fbtrace_id: Option<String>,
}

/// An answer, judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// What to do.
    pub verdict: Verdict,
    /// What Meta said, when it said something readable.
    pub error: Option<GraphError>,
    /// Somebody should look: it does not get well by itself.
    pub operator: bool,
    /// Counts for the circuit breaker: Meta is unwell. Never content, credentials or limits.
    pub meta_failure: bool,
}

/// What the verdict depends on beside the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AttemptFacts {
    /// Media was given by link, so that Meta's fetch of it may have failed for the moment.
    pub by_link: bool,
}

/// Shows no wamid: it holds the phone number in base64.
impl fmt::Debug for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done { wamid, held } => f
                .debug_struct("Done")
                .field("wamid", &wamid.is_some())
                .field("held", held)
                .finish(),
            Self::Retry { at_most, after } => f
                .debug_struct("Retry")
                .field("at_most", at_most)
                .field("after", after)
                .finish(),
            Self::SlowDown { scope, after } => f
                .debug_struct("SlowDown")
                .field("scope", scope)
                .field("after", after)
                .finish(),
            Self::Never => f.write_str("Never"),
            Self::StopNumber => f.write_str("StopNumber"),
            Self::Unknown => f.write_str("Unknown"),
        }
    }
}

/// Shows no text: Meta quotes numbers and content in it.
impl fmt::Debug for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GraphError")
            .field("code", &self.code)
            .field("subcode", &self.subcode)
            .field("fbtrace_id", &self.fbtrace_id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
