//! Why a command failed: one line that says what to do, and the code to end with.

use std::fmt;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use super::text::{clean, time};

/// How a command ends that did not do what was wished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It failed, or the monitor cannot be reached.
    Failed,
    /// What was asked for is not there.
    NotFound,
    /// The token is missing, unknown, or may not do this.
    Refused,
    /// It was to be confirmed, and was not.
    Unconfirmed,
    /// The command line has to change.
    Usage,
}

#[derive(Debug)]
pub(crate) struct Fault {
    kind: Kind,
    text: String,
}

impl Fault {
    pub(crate) fn new(kind: Kind, text: impl Into<String>) -> Self {
        Self {
            kind,
            text: text.into(),
        }
    }

    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::new(Kind::Usage, text)
    }

    pub(crate) fn unconfirmed(text: impl Into<String>) -> Self {
        Self::new(Kind::Unconfirmed, text)
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// The code that the process ends with.
    pub(crate) fn code(&self) -> u8 {
        match self.kind {
            Kind::Failed => 1,
            Kind::NotFound => 3,
            Kind::Refused => 4,
            Kind::Unconfirmed => 5,
            Kind::Usage => crate::exit::USAGE,
        }
    }

    /// What a failed call of the monitor at `address` means.
    pub(crate) fn of_call(status: &Status, address: &str) -> Self {
        let details = status.get_error_details();
        let said = clean(status.message());
        let (kind, text) = match status.code() {
            Code::InvalidArgument => (Kind::Usage, violations(&details, &said)),
            Code::NotFound => (Kind::NotFound, said.into_owned()),
            Code::Unauthenticated => (Kind::Refused, unauthenticated(&details)),
            Code::PermissionDenied => (Kind::Refused, denied(&details, &said)),
            Code::FailedPrecondition if holds_plan(status) => (
                Kind::Unconfirmed,
                "not confirmed in time, nothing was done: run the command again".to_owned(),
            ),
            Code::FailedPrecondition => (
                Kind::Failed,
                format!("the monitor cannot do this as things are: {said}"),
            ),
            Code::ResourceExhausted => (Kind::Failed, later(&details, &said)),
            Code::Unimplemented => (
                Kind::Failed,
                "the monitor does not know this call: it is older than this program".to_owned(),
            ),
            // A failed connection has a cause here, the monitor's own word has none.
            Code::Unavailable | Code::Unknown if std::error::Error::source(status).is_some() => {
                (Kind::Failed, unreachable(status, address))
            }
            Code::Unavailable => (
                Kind::Failed,
                format!("the monitor cannot answer now: {said}"),
            ),
            code => (
                Kind::Failed,
                format!("the monitor failed ({code:?}): {said}"),
            ),
        };
        Self::new(kind, text)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Fault {}

/// Says that nobody answers at the address, why, and what might help.
pub(crate) fn unreachable(error: &dyn std::error::Error, address: &str) -> String {
    format!(
        "the monitor at {address} cannot be reached: {}; is `waypost up` or waypost-monitor running there? --admin names \
         another address",
        clean(&cause(error))
    )
}

/// What is at the bottom of an error: transports wrap theirs in words that say nothing.
pub(crate) fn cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

fn violations(details: &ErrorDetails, said: &str) -> String {
    let violations = details.bad_request().map(|bad| &bad.field_violations);
    let each: Vec<String> = violations
        .into_iter()
        .flatten()
        .map(|v| format!("{} {}", clean(&v.field), clean(&v.description)))
        .collect();
    match each.is_empty() {
        true => format!("the monitor refuses the request: {said}"),
        false => format!("the monitor refuses the request: {}", each.join("; ")),
    }
}

fn unauthenticated(details: &ErrorDetails) -> String {
    let unknown = details
        .error_info()
        .is_some_and(|info| info.reason == "TOKEN_UNKNOWN");
    let what = if unknown {
        "the monitor does not know this token"
    } else {
        "the monitor wants a token"
    };
    format!(
        "{what}: give one with WAYPOST_TOKEN, --token-file or --token; `waypost key new --role` makes one"
    )
}

fn denied(details: &ErrorDetails, said: &str) -> String {
    let role = |name| details.error_info()?.metadata.get(name);
    match (role("required"), role("actual")) {
        (Some(required), Some(actual)) => format!(
            "this needs the role {}, and the token has {}",
            clean(required),
            clean(actual)
        ),
        _ => format!("the token may not do this: {said}"),
    }
}

fn later(details: &ErrorDetails, said: &str) -> String {
    let delay = details.retry_info().and_then(|info| info.retry_delay);
    match delay {
        Some(delay) => format!("{said}; try again in {}", time::span(delay.as_secs_f64())),
        None => said.to_owned(),
    }
}

/// Whether the failure brings a plan to confirm: the one that was handed in is too old.
fn holds_plan(status: &Status) -> bool {
    use prost::Message;
    let details = tonic_types::pb::Status::decode(status.details())
        .map(|status| status.details)
        .unwrap_or_default();
    details.iter().any(|detail| {
        detail.type_url.ends_with("/waypost.v1.ClearPlan")
            || detail.type_url.ends_with("/waypost.v1.PurgePlan")
    })
}
