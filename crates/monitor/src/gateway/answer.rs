//! All that the gateway ever answers.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use serde_json::Value;
use tonic::metadata::MetadataMap;
use waypost_runtime::RequestId;
use waypost_runtime::request_id::X_REQUEST_ID;

use super::Body;
use super::lines::LINES;
use super::problem::Problem;

/// The role of the caller, which the guard tells.
pub(super) const ROLE: HeaderName = HeaderName::from_static("x-waypost-role");
/// nginx and those that learnt from it hold answers back to fill their buffers, unless they are told.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// An answer.
pub(crate) enum Answer {
    /// One message.
    Message {
        value: Value,
        role: Option<HeaderValue>,
    },
    /// Messages until the caller leaves.
    Lines {
        body: Body,
        role: Option<HeaderValue>,
    },
    /// None.
    Problem(Box<Problem>),
}

impl From<Problem> for Answer {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

impl Answer {
    /// As a response to the request of this id.
    pub(crate) fn into_response(self, id: RequestId) -> Response<Body> {
        let mut response = match self {
            Self::Message { value, role } => told(StatusCode::OK, "application/json", &value, role),
            Self::Lines { body, role } => {
                let mut response = dressed(Response::new(body), LINES, role);
                let unbuffered = HeaderValue::from_static("no");
                response.headers_mut().insert(BUFFERING, unbuffered);
                response
            }
            Self::Problem(problem) => {
                let status = problem.kind().status();
                let value = problem.value(id);
                let mut response = told(status, "application/problem+json", &value, None);
                response.headers_mut().extend(problem.headers().to_vec());
                response
            }
        };
        let headers = response.headers_mut();
        headers.insert(X_REQUEST_ID, id.header_value());
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        response
    }
}

/// The role, as the guard has told it.
pub(super) fn role(metadata: &MetadataMap) -> Option<HeaderValue> {
    let role = metadata.get(ROLE.as_str())?;
    HeaderValue::from_bytes(role.as_bytes()).ok()
}

fn told(
    status: StatusCode,
    kind: &'static str,
    value: &Value,
    role: Option<HeaderValue>,
) -> Response<Body> {
    let text = Full::new(Bytes::from(value.to_string()));
    let body = text.map_err(|never| match never {}).boxed_unsync();
    let mut response = dressed(Response::new(body), kind, role);
    *response.status_mut() = status;
    response
}

fn dressed(
    mut response: Response<Body>,
    kind: &'static str,
    role: Option<HeaderValue>,
) -> Response<Body> {
    let headers: &mut HeaderMap = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Some(role) = role {
        headers.insert(ROLE, role);
    }
    response
}
