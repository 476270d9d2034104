//! What is answered when the decision is no.

use std::collections::HashMap;
use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderValue, Response};
use tonic::body::Body;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};
use waypost_rpc::v1::Role;

use super::word;

const DOMAIN: &str = "waypost";

/// Why a call is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// There is no bearer token, or there are several.
    TokenMissing,
    /// Nobody knows the token.
    TokenUnknown,
    /// Nobody knows it, and too many such have come from there.
    TooManyFailures { wait: Duration },
    /// The method wants more.
    RoleTooLow {
        /// Nobody may, where the proto says nothing.
        required: Option<Role>,
        actual: Role,
    },
    /// There is no such method.
    MethodUnknown,
}

impl Refusal {
    /// The reason of the `ErrorInfo`.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::TokenMissing => "TOKEN_MISSING",
            Self::TokenUnknown => "TOKEN_UNKNOWN",
            Self::TooManyFailures { .. } => "TOO_MANY_FAILURES",
            Self::RoleTooLow { .. } => "ROLE_TOO_LOW",
            Self::MethodUnknown => "METHOD_UNKNOWN",
        }
    }

    /// The status, in headers alone.
    pub(super) fn into_response(self) -> Response<Body> {
        let mut response = self.status().into_http();
        if let Self::TooManyFailures { wait } = self {
            let seconds = HeaderValue::from(whole_seconds(wait));
            response.headers_mut().insert(RETRY_AFTER, seconds);
        }
        response
    }

    pub(super) fn status(self) -> Status {
        let (code, message) = match self {
            Self::TokenMissing => (
                Code::Unauthenticated,
                "send `authorization: Bearer <token>`, once".to_owned(),
            ),
            Self::TokenUnknown => (Code::Unauthenticated, "this token is not known".to_owned()),
            Self::TooManyFailures { wait } => (
                Code::ResourceExhausted,
                format!(
                    "this token is not known, and too many such came from this address; the next one in {} s",
                    whole_seconds(wait)
                ),
            ),
            Self::RoleTooLow { required, actual } => (
                Code::PermissionDenied,
                format!(
                    "this takes the role {}; the token has {}",
                    wanted(required),
                    word(actual)
                ),
            ),
            Self::MethodUnknown => (Code::Unimplemented, "there is no such method".to_owned()),
        };
        Status::with_error_details(code, message, self.details())
    }

    fn details(self) -> ErrorDetails {
        let mut metadata = HashMap::new();
        if let Self::RoleTooLow { required, actual } = self {
            metadata.insert("required".to_owned(), wanted(required).to_owned());
            metadata.insert("actual".to_owned(), word(actual).to_owned());
        }
        let mut details = ErrorDetails::with_error_info(self.reason(), DOMAIN, metadata);
        if let Self::TooManyFailures { wait } = self {
            details.set_retry_info(Some(wait));
        }
        details
    }
}

fn wanted(required: Option<Role>) -> &'static str {
    word(required.unwrap_or_default())
}

fn whole_seconds(wait: Duration) -> u64 {
    wait.as_millis()
        .div_ceil(1000)
        .max(1)
        .try_into()
        .unwrap_or(u64::MAX)
}
