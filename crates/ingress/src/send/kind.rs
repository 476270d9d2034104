//! The kinds of problems: their status, their name, their title.

use http::StatusCode;

/// What kind of problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Syntax,
    Header,
    NoKey,
    UnknownKey,
    Forbidden,
    NotFound,
    Method,
    Timeout,
    Conflict,
    TooLarge,
    MediaType,
    Invalid,
    Backlog,
    Internal,
    Unavailable,
}

impl Kind {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Syntax | Self::Header => StatusCode::BAD_REQUEST,
            Self::NoKey | Self::UnknownKey => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Timeout => StatusCode::REQUEST_TIMEOUT,
            Self::Conflict => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Backlog => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The end of the type's URN, and the title: the same for all problems of a kind.
    pub(crate) fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Syntax => ("syntax", "The body is not JSON"),
            Self::Header => ("header", "A header cannot be used"),
            Self::NoKey | Self::UnknownKey => ("unauthorized", "A known key is required"),
            Self::Forbidden => ("forbidden", "The key may not use this number"),
            Self::NotFound => ("not-found", "Nothing is served here"),
            Self::Method => ("method", "The method is not served here"),
            Self::Timeout => ("timeout", "The body took too long"),
            Self::Conflict => (
                "idempotency-conflict",
                "The Idempotency-Key stands for another request",
            ),
            Self::TooLarge => ("too-large", "The body is too large"),
            Self::MediaType => ("media-type", "The body must be JSON"),
            Self::Invalid => ("invalid-message", "The message cannot be sent as it is"),
            Self::Backlog => ("backlog", "Too many messages of this number wait"),
            Self::Internal => ("internal", "Internal error"),
            Self::Unavailable => ("unavailable", "Not available now"),
        }
    }

    /// Whether it may heal by waiting.
    pub(crate) fn waits(self) -> bool {
        matches!(self, Self::Backlog | Self::Unavailable)
    }
}
