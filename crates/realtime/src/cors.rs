//! Which pages may connect, and how a browser is told (the Fetch standard's CORS protocol).

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, HOST, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use crate::answer::{Body, whole};
use crate::config::Origins;

/// Decides on the origin of a request. `Ok(None)`: no browser asks, or the page is our own.
pub(crate) fn origin(
    origins: &Origins,
    headers: &HeaderMap,
) -> Result<Option<HeaderValue>, NotAllowed> {
    let Some(origin) = headers.get(ORIGIN) else {
        return Ok(None);
    };
    let allowed = match origins {
        Origins::All => true,
        Origins::These(these) => these.contains(origin),
    };
    match allowed {
        true => Ok(Some(origin.clone())),
        false if is_own(origin, headers) => Ok(None),
        false => Err(NotAllowed),
    }
}

/// A page of another origin than those that may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotAllowed;

/// A page that was loaded from the very address that it asks.
fn is_own(origin: &HeaderValue, headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).map(HeaderValue::as_bytes);
    let origin = origin.as_bytes();
    let of = |scheme: &[u8]| origin.strip_prefix(scheme);
    host.is_some() && of(b"http://").or_else(|| of(b"https://")) == host
}

/// The answer to the question before the question.
pub(crate) fn preflight() -> Response<Body> {
    let mut response = Response::new(whole(""));
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    for (name, value) in [
        (ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, OPTIONS"),
        (
            ACCESS_CONTROL_ALLOW_HEADERS,
            "authorization, content-type, last-event-id",
        ),
        // Chromium keeps it for two hours at most.
        (ACCESS_CONTROL_MAX_AGE, "7200"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Tells the browser that the page may read the answer.
pub(crate) fn allow<B>(response: &mut Response<B>, origin: Option<HeaderValue>) {
    let headers = response.headers_mut();
    headers.append(VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(
            ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("x-request-id, retry-after"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(origin: Option<&'static str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static("rt.example:8082"));
        if let Some(origin) = origin {
            headers.insert(ORIGIN, HeaderValue::from_static(origin));
        }
        headers
    }

    #[test]
    fn only_named_origins_and_our_own_may() {
        let inbox = HeaderValue::from_static("https://inbox.example");
        let these = Origins::These(vec![inbox.clone()]);
        assert_eq!(origin(&these, &asked(None)), Ok(None));
        assert_eq!(
            origin(&these, &asked(Some("https://inbox.example"))),
            Ok(Some(inbox))
        );
        assert_eq!(
            origin(&these, &asked(Some("http://rt.example:8082"))),
            Ok(None)
        );
        for other in [
            "https://inbox.example.evil",
            "http://inbox.example",
            "null",
            "http://rt.example",
        ] {
            assert_eq!(origin(&these, &asked(Some(other))), Err(NotAllowed));
            assert!(origin(&Origins::All, &asked(Some(other))).is_ok());
        }
    }
}
