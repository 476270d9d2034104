//! What can go wrong over HTTP, and how each is called.

use http::StatusCode;
use tonic::Code;

/// A kind of problem: those of gRPC, and those that only HTTP knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    InvalidArgument,
    Unauthenticated,
    PermissionDenied,
    NotFound,
    MethodNotAllowed,
    RequestTimeout,
    AlreadyExists,
    FailedPrecondition,
    Aborted,
    PayloadTooLarge,
    UnsupportedMediaType,
    ResourceExhausted,
    Internal,
    Unimplemented,
    Unavailable,
    DeadlineExceeded,
}

impl Kind {
    /// All of them, by status.
    pub(crate) const ALL: [Self; 16] = [
        Self::InvalidArgument,
        Self::Unauthenticated,
        Self::PermissionDenied,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::RequestTimeout,
        Self::AlreadyExists,
        Self::FailedPrecondition,
        Self::Aborted,
        Self::PayloadTooLarge,
        Self::UnsupportedMediaType,
        Self::ResourceExhausted,
        Self::Internal,
        Self::Unimplemented,
        Self::Unavailable,
        Self::DeadlineExceeded,
    ];

    /// What a code of gRPC is over HTTP.
    pub(crate) fn of(code: Code) -> Self {
        match code {
            Code::InvalidArgument | Code::OutOfRange => Self::InvalidArgument,
            Code::Unauthenticated => Self::Unauthenticated,
            Code::PermissionDenied => Self::PermissionDenied,
            Code::NotFound => Self::NotFound,
            Code::AlreadyExists => Self::AlreadyExists,
            Code::FailedPrecondition => Self::FailedPrecondition,
            Code::Aborted => Self::Aborted,
            Code::ResourceExhausted => Self::ResourceExhausted,
            Code::Unimplemented => Self::Unimplemented,
            Code::Unavailable => Self::Unavailable,
            Code::DeadlineExceeded => Self::DeadlineExceeded,
            Code::Ok | Code::Cancelled | Code::Unknown | Code::Internal | Code::DataLoss => {
                Self::Internal
            }
        }
    }

    /// Its status over HTTP.
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::InvalidArgument => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::PermissionDenied => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::AlreadyExists | Self::FailedPrecondition | Self::Aborted => StatusCode::CONFLICT,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unimplemented => StatusCode::NOT_IMPLEMENTED,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        }
    }

    /// Its code: gRPC's name of it, or one of ours in the same form.
    pub(crate) fn code(self) -> &'static str {
        self.words().0
    }

    /// What it is, in words.
    pub(crate) fn title(self) -> &'static str {
        self.words().1
    }

    /// What a problem of this kind is called as a URI. It leads nowhere; it is compared.
    pub(crate) fn uri(self) -> String {
        format!("urn:waypost:problem:{}", self.code().replace('_', "-"))
    }

    /// Whether the same request may do better a little later.
    pub(crate) fn waits(self) -> bool {
        matches!(self, Self::ResourceExhausted | Self::Unavailable)
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::InvalidArgument => ("invalid_argument", "The request is wrong"),
            Self::Unauthenticated => ("unauthenticated", "No valid token"),
            Self::PermissionDenied => ("permission_denied", "Not allowed"),
            Self::NotFound => ("not_found", "Not found"),
            Self::MethodNotAllowed => ("method_not_allowed", "Method not allowed"),
            Self::RequestTimeout => ("request_timeout", "The body took too long"),
            Self::AlreadyExists => ("already_exists", "Exists already"),
            Self::FailedPrecondition => ("failed_precondition", "Not as things stand"),
            Self::Aborted => ("aborted", "Somebody else was faster"),
            Self::PayloadTooLarge => ("payload_too_large", "The body is too large"),
            Self::UnsupportedMediaType => ("unsupported_media_type", "Not JSON"),
            Self::ResourceExhausted => ("resource_exhausted", "Too many requests"),
            Self::Internal => ("internal", "Internal error"),
            Self::Unimplemented => ("unimplemented", "Not implemented"),
            Self::Unavailable => ("unavailable", "Not available now"),
            Self::DeadlineExceeded => ("deadline_exceeded", "It took too long"),
        }
    }
}
