//! What is answered, other than events.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use waypost_token::Refused;

use crate::limits::TooMany;

/// The body of every answer: one piece, or a stream without an end.
pub(crate) type Body = UnsyncBoxBody<Bytes, std::io::Error>;

/// Why a request got nothing, as RFC 9457 has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    status: StatusCode,
    kind: &'static str,
    title: &'static str,
    detail: Cow<'static, str>,
    allow: Option<&'static str>,
}

impl Problem {
    pub(crate) fn new(
        status: StatusCode,
        kind: &'static str,
        title: &'static str,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            kind,
            title,
            detail: detail.into(),
            allow: None,
        }
    }

    pub(crate) fn not_found(detail: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", detail)
    }

    /// `allow`: the methods that are served there.
    pub(crate) fn method(allow: &'static str) -> Self {
        let detail = format!("Only these methods are served here: {allow}.");
        let status = StatusCode::METHOD_NOT_ALLOWED;
        Self {
            allow: Some(allow),
            ..Self::new(status, "method", "Method not allowed", detail)
        }
    }

    pub(crate) fn invalid(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "invalid",
            "Invalid request",
            detail,
        )
    }

    pub(crate) fn no_token() -> Self {
        let detail = "Send a token: `Authorization: Bearer <token>`, or `?token=`.";
        Self::new(StatusCode::UNAUTHORIZED, "no-token", "No token", detail)
    }

    pub(crate) fn refused(refused: Refused) -> Self {
        let kind = match refused {
            Refused::Invalid => "invalid-token",
            Refused::Expired => "expired-token",
        };
        let status = StatusCode::UNAUTHORIZED;
        Self::new(status, kind, "Token refused", sentence(&refused))
    }

    pub(crate) fn too_many(too_many: TooMany) -> Self {
        let status = StatusCode::TOO_MANY_REQUESTS;
        Self::new(
            status,
            "too-many",
            "Too many connections",
            sentence(&too_many),
        )
    }

    pub(crate) fn full() -> Self {
        let detail = "This replica has as many connections as it may have; try again in a moment.";
        let status = StatusCode::SERVICE_UNAVAILABLE;
        Self::new(status, "full", "Too many connections", detail)
    }

    pub(crate) fn origin() -> Self {
        let detail = "Pages of this origin may not connect; realtime.origins names those that may.";
        Self::new(
            StatusCode::FORBIDDEN,
            "origin",
            "Origin not allowed",
            detail,
        )
    }

    /// The answer to a request with this id.
    pub(crate) fn into_response(self, id: &waypost_runtime::RequestId) -> Response<Body> {
        let value = json!({
            "type": format!("urn:waypost:problem:{}", self.kind),
            "title": self.title,
            "status": self.status.as_u16(),
            "detail": self.detail,
            "instance": format!("urn:uuid:{id}"),
        });
        let mut response = json_response(self.status, "application/problem+json", &value);
        let headers = response.headers_mut();
        if let Some(allow) = self.allow {
            headers.insert(ALLOW, HeaderValue::from_static(allow));
        }
        match self.status {
            StatusCode::UNAUTHORIZED => {
                let challenge = match self.kind {
                    "no-token" => "Bearer",
                    _ => "Bearer error=\"invalid_token\"",
                };
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
            }
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("5"));
            }
            _ => {}
        }
        response
    }
}

/// A body that is all there.
pub(crate) fn whole(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into())
        .map_err(|never| match never {})
        .boxed_unsync()
}

/// An answer in JSON, for nobody's cache.
pub(crate) fn json_response(
    status: StatusCode,
    content_type: &'static str,
    value: &Value,
) -> Response<Body> {
    let mut response = Response::new(whole(value.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// An error as a sentence.
pub(crate) fn sentence(error: &impl ToString) -> String {
    let mut text = error.to_string();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text.push('.');
    text
}

/// The answer where a handler panicked.
pub(crate) fn broken() -> Response<Body> {
    let value = json!({
        "type": "urn:waypost:problem:internal",
        "title": "Internal error",
        "status": 500,
    });
    json_response(
        StatusCode::INTERNAL_SERVER_ERROR,
        "application/problem+json",
        &value,
    )
}
