//! A request's body: JSON, and not much of it.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::{Map, Value};
use tokio::time::timeout;

use super::BoxError;
use super::kind::Kind;
use super::problem::Problem;

/// The largest request, ids of a thousand dead letters, is a twentieth of this.
const MOST_BYTES: usize = 1 << 20;
/// For the whole of it. Whoever sends slower than this holds a connection on purpose.
const TIME: Duration = Duration::from_secs(30);

/// Reads a body. One that is empty is an object without members.
///
/// # Errors
/// When it is too large, too slow, or no JSON.
pub(super) async fn read<B>(headers: &HeaderMap, body: B) -> Result<Value, Problem>
where
    B: http_body::Body,
    B::Error: Into<BoxError>,
{
    if body.is_end_stream() {
        return Ok(Map::new().into());
    }
    let is_json = is_json(headers)?;
    let bytes = collect(body).await?;
    if bytes.is_empty() {
        return Ok(Map::new().into());
    }
    if !is_json {
        return Err(not_json());
    }
    serde_json::from_slice(&bytes).map_err(|error| {
        let detail = format!(
            "The body is no JSON, at line {} column {}.",
            error.line(),
            error.column()
        );
        Problem::new(Kind::InvalidArgument, detail)
    })
}

async fn collect<B>(body: B) -> Result<Bytes, Problem>
where
    B: http_body::Body,
    B::Error: Into<BoxError>,
{
    let collecting = Limited::new(body, MOST_BYTES).collect();
    match timeout(TIME, Box::pin(collecting)).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            let detail = format!("A body may have {MOST_BYTES} bytes.");
            Err(Problem::new(Kind::PayloadTooLarge, detail))
        }
        Ok(Err(_)) => {
            let detail = "The body ended before it was whole.";
            Err(Problem::new(Kind::InvalidArgument, detail))
        }
        Err(_) => {
            let detail = format!("A body has {} seconds to arrive.", TIME.as_secs());
            Err(Problem::new(Kind::RequestTimeout, detail))
        }
    }
}

/// Whether the body says that it is JSON; no word is no.
fn is_json(headers: &HeaderMap) -> Result<bool, Problem> {
    let plain = headers
        .get(CONTENT_ENCODING)
        .is_none_or(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"identity"));
    let Some(kind) = headers.get(CONTENT_TYPE) else {
        return if plain { Ok(false) } else { Err(not_json()) };
    };
    let kind = kind.to_str().unwrap_or_default().to_ascii_lowercase();
    let mut parts = kind.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let json = essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"));
    let utf8 = parts
        .filter_map(|part| part.strip_prefix("charset="))
        .all(|charset| charset.trim_matches('"') == "utf-8");
    if plain && json && utf8 {
        Ok(true)
    } else {
        Err(not_json())
    }
}

fn not_json() -> Problem {
    let detail =
        "A body has to be JSON in UTF-8, not compressed, with Content-Type: application/json.";
    Problem::new(Kind::UnsupportedMediaType, detail)
}
