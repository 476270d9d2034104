//! All that is ever answered.

use bytes::Bytes;
use http::header::{ALLOW, CONNECTION, CONTENT_TYPE, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Response, StatusCode, Version};
use http_body_util::Full;

/// The body of every answer: one piece, mostly static.
pub(crate) type Body = Full<Bytes>;

/// An answer. The texts are for people with curl; Meta looks at the status alone, and at nothing but 200 as success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The webhook is durable.
    Accepted,
    /// The handshake's challenge, given back.
    Challenge(String),
    BadRequest,
    Unauthorized,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    Timeout,
    TooLarge,
    Internal,
    /// Not now; the value says in how many seconds.
    Unavailable(HeaderValue),
}

impl Answer {
    /// The answer as a response to a request of this version.
    pub(crate) fn into_response(self, version: Version) -> Response<Body> {
        let (status, text) = self.status_and_text();
        let closes = matches!(self, Self::Timeout | Self::TooLarge);
        let body = match &self {
            Self::Challenge(challenge) => Bytes::from(challenge.clone()),
            _ => Bytes::from_static(text.as_bytes()),
        };
        let mut response = Response::new(Full::new(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        match self {
            Self::Accepted => return response,
            Self::MethodNotAllowed => {
                headers.insert(ALLOW, HeaderValue::from_static("GET, POST"));
            }
            Self::Unavailable(seconds) => {
                headers.insert(RETRY_AFTER, seconds);
            }
            // A challenge is whatever the caller wants it to be; a browser must not take it for a page.
            Self::Challenge(_) => {
                headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
            }
            _ => {}
        }
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        );
        // A body is left unread. HTTP/2 ends the stream for that and knows no such header.
        if closes && version <= Version::HTTP_11 {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    /// Its status alone.
    pub(crate) fn status(&self) -> StatusCode {
        self.status_and_text().0
    }

    fn status_and_text(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Accepted | Self::Challenge(_) => (StatusCode::OK, ""),
            Self::BadRequest => (StatusCode::BAD_REQUEST, "malformed request\n"),
            Self::Unauthorized => (
                StatusCode::UNAUTHORIZED,
                "missing or wrong X-Hub-Signature-256\n",
            ),
            Self::Forbidden => (StatusCode::FORBIDDEN, "wrong verify token\n"),
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                "not found; webhooks go to /webhook\n",
            ),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method not allowed\n"),
            Self::Timeout => (StatusCode::REQUEST_TIMEOUT, "the body took too long\n"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "the body is too large\n"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal error\n"),
            Self::Unavailable(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "not available now, please retry\n",
            ),
        }
    }
}
