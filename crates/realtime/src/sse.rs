//! Server-sent events: `GET /v1/events`.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::str::FromStr;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body::Frame as Piece;
use http_body_util::{BodyExt, StreamBody};
use waypost_queue::Position;
use waypost_runtime::keys::bearer;
use waypost_telemetry::metrics::label::Transport;

use crate::answer::{Body, Problem, sentence};
use crate::app::App;
use crate::hub::{Bye, Frame, Resync, Step, Subscription};
use crate::limits::Pass;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// For how many events a client keeps room.
const ROOM: usize = 64;

/// What the query may say.
#[derive(Default)]
struct Query {
    token: Option<String>,
    after: Option<String>,
}

/// Answers with a stream, or says why not. `address` is the place of the client's address, held as long as the stream.
pub(crate) fn events<B>(
    app: &App,
    request: &Request<B>,
    address: Pass,
) -> Result<Response<Body>, Problem> {
    let query = query(request.uri().query().unwrap_or_default())?;
    let token = token(request.headers(), query.token)?;
    let claims = app
        .tokens
        .verify(&token, SystemTime::now())
        .map_err(Problem::refused)?;
    let after = position(request.headers(), query.after.as_deref())?;
    let place = app.limits.admit_token(&claims).map_err(Problem::too_many)?;
    let mut subscription = app.hub.subscribe(&claims.scope, after, claims.expires);
    subscription.carried_by(Transport::Sse);
    tracing::debug!(subject = claims.subject, "a client listens");
    let client = Client {
        subscription,
        frames: Vec::new(),
        ready: VecDeque::from([Bytes::from_static(b"retry: 1000\n")]),
        over: false,
        _places: [address, place],
    };
    let pieces = StreamBody::new(pieces(client)).map_err(|never| match never {});
    let mut response = Response::new(pieces.boxed_unsync());
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, "text/event-stream; charset=utf-8"),
        (CACHE_CONTROL, "no-store, no-transform"),
        // nginx would hold events back to fill its buffers.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

/// A client, for as long as its stream lasts.
struct Client {
    subscription: Subscription,
    frames: Vec<Arc<Frame>>,
    ready: VecDeque<Bytes>,
    over: bool,
    _places: [Pass; 2],
}

fn pieces(client: Client) -> impl Stream<Item = Result<Piece<Bytes>, Infallible>> {
    stream::unfold(client, |mut client| async {
        loop {
            if let Some(bytes) = client.ready.pop_front() {
                return Some((Ok(Piece::data(bytes)), client));
            }
            // What a long resume needed is not kept for a client that is then idle for days.
            client.ready.shrink_to(ROOM);
            client.frames.shrink_to(ROOM);
            if client.over {
                return None;
            }
            match client.subscription.next(&mut client.frames).await {
                // One piece an event, and all of them with one write: they are shared with every other client, not copied.
                Step::Frames => {
                    let frames = client.frames.drain(..);
                    client.ready.extend(frames.map(|frame| frame.sse().clone()));
                }
                Step::Position(position) => client.ready.push_back(here(position)),
                Step::Resync(resync) => client.ready.push_back(missed(resync)),
                Step::End(bye) => {
                    client.ready.push_back(goodbye(bye));
                    client.over = true;
                }
            }
        }
    })
}

/// An event without data: the browser remembers the id, and tells nobody. The comment is for proxies and for people.
fn here(position: Position) -> Bytes {
    Bytes::from(format!(": here\nid: {position}\n\n"))
}

fn missed(resync: Resync) -> Bytes {
    let (position, json) = (resync.position, resync.json());
    Bytes::from(format!("id: {position}\nevent: resync\ndata: {json}\n\n"))
}

fn goodbye(bye: Bye) -> Bytes {
    let (retry, json) = (bye.retry.as_millis(), bye.json());
    Bytes::from(format!("retry: {retry}\nevent: bye\ndata: {json}\n\n"))
}

fn query(text: &str) -> Result<Query, Problem> {
    let mut query = Query::default();
    for (name, value) in form_urlencoded::parse(text.as_bytes()) {
        let place = match &*name {
            "token" => &mut query.token,
            "after" => &mut query.after,
            _ => {
                let detail = "The query may have `token` and `after`, nothing else.";
                return Err(Problem::invalid(detail));
            }
        };
        if place.replace(value.into_owned()).is_some() {
            return Err(Problem::invalid(
                "A parameter of the query stands there twice.",
            ));
        }
    }
    Ok(query)
}

/// The header wins: it gets into no log of a proxy.
fn token(headers: &HeaderMap, query: Option<String>) -> Result<String, Problem> {
    let header = bearer(headers).and_then(|token| std::str::from_utf8(token).ok());
    header
        .map(str::to_owned)
        .or(query)
        .filter(|token| !token.is_empty())
        .ok_or_else(Problem::no_token)
}

/// The header wins: a browser that comes back sends the same query again, and where it was in the header.
fn position(headers: &HeaderMap, query: Option<&str>) -> Result<Option<Position>, Problem> {
    let read = |text: &str| {
        Position::from_str(text.trim())
            .map(Some)
            .map_err(|wrong| Problem::invalid(sentence(&wrong)))
    };
    match headers.get(LAST_EVENT_ID) {
        Some(value) if !value.is_empty() => read(value.to_str().unwrap_or("no text")),
        _ => query.map_or(Ok(None), read),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_wins_over_the_query() {
        let mut headers = HeaderMap::new();
        let at = |text: &str| Some(text.parse::<Position>().unwrap());
        assert_eq!(position(&headers, None), Ok(None));
        assert_eq!(position(&headers, Some("5-1")), Ok(at("5-1")));
        headers.insert(LAST_EVENT_ID, HeaderValue::from_static("7-0"));
        assert_eq!(position(&headers, Some("5-1")), Ok(at("7-0")));
        headers.insert(LAST_EVENT_ID, HeaderValue::from_static("seven"));
        assert!(position(&headers, Some("5-1")).is_err());
        assert!(position(&HeaderMap::new(), Some("")).is_err());
    }

    #[test]
    fn a_query_with_anything_else_is_refused() {
        for text in ["tokn=1", "token=1&token=2", "after=1-1&x"] {
            assert!(query(text).is_err(), "{text}");
        }
        assert_eq!(query("token=a%2Bb").unwrap().token.as_deref(), Some("a+b"));
    }
}
