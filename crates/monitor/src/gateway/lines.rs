//! Streams over HTTP: one line of JSON for each message.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use http::HeaderMap;
use http::header::ACCEPT;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use prost_reflect::DynamicMessage;
use serde_json::{Value, json};
use tonic::{Status, Streaming};
use waypost_rpc::json as form;
use waypost_runtime::RequestId;

use super::{Body, status};

/// The type of lines of JSON.
pub(crate) const LINES: &str = "application/x-ndjson";

/// Where a stream is.
enum At {
    /// A message that is to be told first, which has come already.
    First(DynamicMessage, Streaming<DynamicMessage>),
    Next(Streaming<DynamicMessage>),
    Over,
}

/// Whether the caller names lines among what it accepts. That it accepts anything does not count: it would wait for an end.
pub(super) fn accepted(headers: &HeaderMap) -> bool {
    let values = headers.get_all(ACCEPT).into_iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(',')).any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let named = parts
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case(LINES));
        let refused = parts.any(|part| part.trim_end_matches(['0', '.']) == "q=");
        named && !refused
    })
}

/// A body of lines. When the stream breaks, the last line is an object with the one member `problem`: the status has gone out
/// long since. When the caller leaves, the body is dropped, and the call with it.
pub(super) fn body(first: DynamicMessage, rest: Streaming<DynamicMessage>, id: RequestId) -> Body {
    let frames = lines(first, rest, id);
    let body = StreamBody::new(frames);
    body.map_err(|never| match never {}).boxed_unsync()
}

fn lines(
    first: DynamicMessage,
    rest: Streaming<DynamicMessage>,
    id: RequestId,
) -> impl Stream<Item = Result<Frame<Bytes>, Infallible>> {
    stream::unfold(At::First(first, rest), move |at| async move {
        let (value, at) = match at {
            At::First(message, rest) => told(&message, rest, id),
            At::Next(mut rest) => match rest.message().await {
                Ok(Some(message)) => told(&message, rest, id),
                Ok(None) => return None,
                Err(error) => (failed(&error, id), At::Over),
            },
            At::Over => return None,
        };
        let mut line = value.to_string();
        line.push('\n');
        Some((Ok(Frame::data(Bytes::from(line))), at))
    })
}

fn told(message: &DynamicMessage, rest: Streaming<DynamicMessage>, id: RequestId) -> (Value, At) {
    match form::write(message) {
        Ok(value) => (value, At::Next(rest)),
        Err(error) => (failed(&Status::internal(error.to_string()), id), At::Over),
    }
}

fn failed(error: &Status, id: RequestId) -> Value {
    json!({ "problem": status::problem(error).value(id) })
}
