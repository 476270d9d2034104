//! What a row of the table says, and the verdict it becomes.

use std::time::Duration;

use super::{AttemptFacts, Scope, Verdict};

/// What to do when a code arrives, before the circumstances are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Again, with the caller's own number of attempts. Meta is unwell.
    Again,
    /// Again, but not more than [`FEW`] attempts in all. Meta is unwell.
    Few,
    /// As `Few`, and the message may be to blame, so that the HTTP status says whether Meta is unwell.
    Perhaps,
    /// Again after so many seconds; no sign of ill health.
    Later(u64),
    /// A few times when media was given by link, else never.
    IfByLink,
    /// The scope has to slow down.
    Slow(Scope),
    /// The scope has to wait for so many seconds.
    Wait(Scope, u64),
    /// Never.
    Never,
    /// The number or credential is stopped.
    Stop,
}

/// Attempts in all for what seldom gets better.
pub(super) const FEW: u32 = 3;

impl Rule {
    /// The verdict. `retry_after` can make a wait longer, never shorter: a row that says an hour knows why.
    pub(super) fn verdict(self, facts: AttemptFacts, retry_after: Option<Duration>) -> Verdict {
        let after = |seconds: Option<u64>| seconds.map(Duration::from_secs).max(retry_after);
        let again = |at_most, seconds| Verdict::Retry {
            at_most,
            after: after(seconds),
        };
        match self {
            Self::Again => again(None, None),
            Self::Later(seconds) => again(None, Some(seconds)),
            Self::Few | Self::Perhaps => again(Some(FEW), None),
            Self::IfByLink if facts.by_link => again(Some(FEW), None),
            Self::Slow(scope) => Verdict::SlowDown {
                scope,
                after: after(None),
            },
            Self::Wait(scope, seconds) => Verdict::SlowDown {
                scope,
                after: after(Some(seconds)),
            },
            Self::Never | Self::IfByLink => Verdict::Never,
            Self::Stop => Verdict::StopNumber,
        }
    }

    /// Whether the circuit breaker counts it. The code decides where it can, for Meta changes statuses freely.
    pub(super) fn is_meta_failure(self, status: u16) -> bool {
        match self {
            Self::Again | Self::Few => true,
            Self::Perhaps => status >= 500,
            _ => false,
        }
    }
}
