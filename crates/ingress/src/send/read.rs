//! What a request brings: its headers and its body.

use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName};
use http_body::Body;
use hyper::body::Incoming;
use waypost_runtime::patience::patience;
use waypost_telemetry::trace::Context;

use super::Api;
use super::answer::Problem;
use super::kind::Kind;
use crate::body::{self, BodyError};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const LONGEST_KEY: usize = 255;

/// The body, if the headers promise JSON and it is within its limit.
pub(crate) async fn body(
    api: &Api,
    headers: &HeaderMap,
    body: Incoming,
    limit: usize,
) -> Result<Bytes, Problem> {
    if !is_json(headers) {
        let detail = "Content-Type must be application/json, and the body not encoded.";
        return Err(Problem::new(Kind::MediaType, detail));
    }
    // What Content-Length says, or zero.
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large(limit));
    }
    let reading = body::read(body, limit, &api.body_memory);
    match patience(api.body_timeout, reading).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Err(_) => Err(Problem::new(
            Kind::Timeout,
            "The body did not come in time.",
        )),
        Ok(Err(BodyError::TooLarge)) => Err(too_large(limit)),
        Ok(Err(BodyError::Broken)) => Err(Problem::new(Kind::Syntax, "The body ended early.")),
        Ok(Err(BodyError::NoMemory)) => Err(Problem::new(
            Kind::Unavailable,
            "Too many bodies are coming in; nothing was taken.",
        )),
    }
}

/// The caller's key for this request, if it sent one.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let bytes = value.as_bytes();
    let good = (1..=LONGEST_KEY).contains(&bytes.len())
        && bytes.iter().all(u8::is_ascii_graphic)
        && values.next().is_none();
    match std::str::from_utf8(bytes) {
        Ok(key) if good => Ok(Some(key)),
        _ => Err(Problem::new(
            Kind::Header,
            "Idempotency-Key must be 1 to 255 visible ASCII characters without blanks, once.",
        )),
    }
}

/// The trace that the request belongs to (W3C Trace Context), else none.
pub(crate) fn context(headers: &HeaderMap) -> Context {
    let value = headers.get(TRACEPARENT);
    let text = value.and_then(|value| value.to_str().ok());
    text.map_or(Context::NONE, Context::parse)
}

fn is_json(headers: &HeaderMap) -> bool {
    let text = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let media = text.and_then(|text| text.split(';').next()).unwrap_or("");
    media.trim().eq_ignore_ascii_case("application/json") && !headers.contains_key(CONTENT_ENCODING)
}

fn too_large(limit: usize) -> Problem {
    let detail = format!("At most {limit} bytes are taken.");
    Problem::new(Kind::TooLarge, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_visible_and_single() {
        let longest = "k".repeat(255);
        let too_long = "k".repeat(256);
        for (values, good) in [
            (&["k"][..], true),
            (&[&longest], true),
            (&[&too_long], false),
            (&[""], false),
            (&["a b"], false),
            (&["ü"], false),
            (&["a", "a"], false),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(
                    IDEMPOTENCY_KEY,
                    http::HeaderValue::from_bytes(value.as_bytes()).unwrap(),
                );
            }
            assert_eq!(idempotency_key(&headers).is_ok(), good, "{values:?}");
        }
        assert!(matches!(idempotency_key(&HeaderMap::new()), Ok(None)));
    }

    #[test]
    fn a_trace_is_taken_over_only_when_it_is_one() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        for (value, taken) in [
            (good, true),
            ("00-x-y-01", false),
            ("", false),
            (&good[..54], false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(TRACEPARENT, value.parse().unwrap());
            let context = context(&headers);
            assert_eq!(context.is_some(), taken, "{value}");
            assert!(!taken || context.traceparent() == value);
        }
    }
}
