//! What engineioxide gets of a request.
//!
//! A session keeps the request that began it, as long as it lives, and a single header would keep the whole buffer that it was read into. So
//! the engine gets a copy of the little that it looks at.

use std::sync::Arc;

use http::header::{SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use http::{HeaderMap, HeaderValue, Request};
use http_body_util::Limited;
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;

use super::{LARGEST, PATH};
use crate::answer::Problem;
use crate::limits::Pass;

/// Longest parameter that means anything to the engine.
const LONGEST: usize = 64;

/// The copy. `place` goes with it.
pub(super) fn bare(
    request: Request<Incoming>,
    place: Option<Pass>,
) -> Result<Request<Limited<Incoming>>, Problem> {
    let (mut parts, body) = request.into_parts();
    let query = query(parts.uri.query().unwrap_or_default())?;
    if place.is_none() && !has_session(&query) {
        // The engine would begin a session that nobody has counted.
        return Err(Problem::invalid("Write `sid` in the query as it is."));
    }
    let websocket = query.contains("transport=websocket");
    let mut bare = Request::new(Limited::new(body, LARGEST));
    *bare.method_mut() = parts.method;
    *bare.uri_mut() = format!("{PATH}?{query}").parse().map_err(|_| no_query())?;
    if websocket {
        let upgrade = parts.extensions.remove::<OnUpgrade>();
        let (Some(upgrade), Some(key)) = (upgrade, key(&parts.headers)) else {
            let detail = "A WebSocket begins with `Upgrade: websocket`, over HTTP/1.1.";
            return Err(Problem::invalid(detail));
        };
        bare.headers_mut().insert(SEC_WEBSOCKET_KEY, key);
        bare.extensions_mut().insert(upgrade);
    }
    if let Some(place) = place {
        bare.extensions_mut().insert(Arc::new(place));
    }
    Ok(bare)
}

/// Whether the engine sees a session in a query. It reads without decoding.
fn has_session(query: &str) -> bool {
    query.split('&').any(|part| part.starts_with("sid="))
}

/// What the engine looks at.
fn query(query: &str) -> Result<String, Problem> {
    let find = |name: &&str| query.split('&').find(|part| part.starts_with(name));
    let parts: Vec<&str> = ["EIO=", "transport=", "sid="]
        .iter()
        .filter_map(find)
        .collect();
    if parts.iter().any(|part| part.len() > LONGEST) {
        return Err(no_query());
    }
    Ok(parts.join("&"))
}

fn no_query() -> Problem {
    Problem::invalid("The query is none of Engine.IO's (EIO, transport, sid).")
}

/// The key of a WebSocket, without the buffer around it.
fn key(headers: &HeaderMap) -> Option<HeaderValue> {
    let is = |name, value: &[u8]| {
        let given = headers.get(name).map(HeaderValue::as_bytes);
        given.is_some_and(|given| given.eq_ignore_ascii_case(value))
    };
    let key = headers.get(SEC_WEBSOCKET_KEY)?.as_bytes();
    let good = is(UPGRADE, b"websocket") && is(SEC_WEBSOCKET_VERSION, b"13") && key.len() == 24;
    HeaderValue::from_bytes(key).ok().filter(|_| good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_query_only_what_the_engine_reads_remains() {
        let of = |text: &str| query(text).unwrap();
        assert_eq!(
            of("t=x1&EIO=4&transport=polling&a=b"),
            "EIO=4&transport=polling"
        );
        assert_eq!(of("sid=s&EIO=4&sid=t"), "EIO=4&sid=s");
        assert!(query(&format!("sid={}", "s".repeat(LONGEST))).is_err());
        // What it does not see there is no session.
        assert!(!has_session(&of("EIO=4&%73id=s")));
        assert!(!has_session(&of("EIO=4&sid")));
        assert!(has_session(&of("EIO=4&sid=")));
    }

    #[test]
    fn a_websocket_begins_as_the_standard_says() {
        let mut headers = HeaderMap::new();
        headers.insert(UPGRADE, HeaderValue::from_static("WebSocket"));
        headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        assert_eq!(key(&headers), None);
        let value = HeaderValue::from_static("dGhlIHNhbXBsZSBub25jZQ==");
        headers.insert(SEC_WEBSOCKET_KEY, value.clone());
        assert_eq!(key(&headers), Some(value));
        headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("8"));
        assert_eq!(key(&headers), None);
    }
}
