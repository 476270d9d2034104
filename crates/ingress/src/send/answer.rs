//! All that the Send API ever answers; problems are those of RFC 9457.

use std::borrow::Cow;

use http::header::{ALLOW, CONNECTION, CONTENT_TYPE, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, Response, StatusCode, Version};
use serde_json::{Value, json};
use uuid::Uuid;
use waypost_runtime::RequestId;
use waypost_whatsapp::send::Fault;

use super::divide::MOST_FAULTS;
use super::kind::Kind;
use crate::answer::Body;

/// Tells that the same request was accepted before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// A message that is durable.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    pub(crate) id: Uuid,
    pub(crate) scheduled: bool,
    pub(crate) replayed: bool,
}

/// A good answer.
#[derive(Debug)]
pub(crate) enum Reply {
    /// To a single message.
    One(Taken),
    /// To a batch: its results in order.
    Many(Vec<Value>),
}

/// Why a request, or a message of a batch, was not taken.
#[derive(Debug)]
pub(crate) struct Problem {
    kind: Kind,
    detail: Cow<'static, str>,
    faults: Vec<Fault>,
}

impl Taken {
    pub(crate) fn value(&self) -> Value {
        let state = if self.scheduled {
            "scheduled"
        } else {
            "accepted"
        };
        json!({ "id": self.id, "state": state })
    }
}

impl Reply {
    pub(crate) fn into_response(self) -> Response<Body> {
        let json = HeaderValue::from_static("application/json");
        match self {
            Self::Many(results) => respond(StatusCode::OK, json, &json!({ "results": results })),
            Self::One(taken) => {
                let mut response = respond(StatusCode::ACCEPTED, json, &taken.value());
                let headers = response.headers_mut();
                // Hyphens, digits and letters always make a header value.
                if let Ok(place) = HeaderValue::try_from(format!("/v1/messages/{}", taken.id)) {
                    headers.insert(LOCATION, place);
                }
                if taken.replayed {
                    headers.insert(REPLAYED, HeaderValue::from_static("true"));
                }
                response
            }
        }
    }
}

impl Problem {
    pub(crate) fn new(kind: Kind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            faults: Vec::new(),
        }
    }

    /// What is wrong with a message, all of it.
    pub(crate) fn invalid(mut faults: Vec<Fault>) -> Self {
        faults.truncate(MOST_FAULTS);
        let detail = match faults.len() {
            1 => Cow::Borrowed("One thing is wrong with the message; see errors."),
            many => Cow::Owned(format!(
                "{many} things are wrong with the message; see errors."
            )),
        };
        Self {
            kind: Kind::Invalid,
            detail,
            faults,
        }
    }

    /// The same, with one fault.
    pub(crate) fn fault(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self::invalid(vec![Fault {
            pointer: pointer.into(),
            message: message.into(),
        }])
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// As JSON. `instance` names the occurrence.
    pub(crate) fn value(&self, instance: &str) -> Value {
        let (kind, title) = self.kind.words();
        let mut value = json!({
            "type": format!("urn:waypost:problem:{kind}"),
            "title": title,
            "status": self.kind.status().as_u16(),
            "detail": self.detail,
            "instance": instance,
        });
        if !self.faults.is_empty() {
            let errors = self.faults.iter();
            value["errors"] = errors
                .map(|fault| json!({ "pointer": fault.pointer, "detail": fault.message }))
                .collect();
        }
        value
    }

    /// As one result of a batch. What a header would say stands in it as a member.
    pub(crate) fn result(&self, instance: &str, retry_after: &HeaderValue) -> Value {
        let mut value = self.value(instance);
        let seconds = retry_after
            .to_str()
            .ok()
            .and_then(|s| s.parse::<u64>().ok());
        if let (true, Some(seconds)) = (self.kind.waits(), seconds) {
            value["retry_after"] = seconds.into();
        }
        json!({ "problem": value })
    }

    pub(crate) fn into_response(
        self,
        id: &RequestId,
        version: Version,
        retry_after: &HeaderValue,
    ) -> Response<Body> {
        let kind = HeaderValue::from_static("application/problem+json");
        let value = self.value(&instance(id));
        let mut response = respond(self.kind.status(), kind, &value);
        let headers = response.headers_mut();
        match self.kind {
            Kind::NoKey => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Kind::UnknownKey => {
                let challenge = HeaderValue::from_static("Bearer error=\"invalid_token\"");
                headers.insert(WWW_AUTHENTICATE, challenge);
            }
            Kind::Method => {
                headers.insert(ALLOW, HeaderValue::from_static("POST"));
            }
            kind if kind.waits() => {
                headers.insert(RETRY_AFTER, retry_after.clone());
            }
            _ => {}
        }
        // A body is left unread. HTTP/2 ends the stream for that and knows no such header.
        let unread = matches!(self.kind, Kind::Timeout | Kind::TooLarge);
        if unread && version <= Version::HTTP_11 {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

/// The occurrence of a problem, named after its request.
pub(crate) fn instance(id: &RequestId) -> String {
    format!("urn:uuid:{id}")
}

fn respond(status: StatusCode, content_type: HeaderValue, value: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(value.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}
