//! Which request this is, and whose key it shows.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::time::timeout;
use tower::{Service, ServiceBuilder};
use waypost_runtime::keys::bearer;
use waypost_runtime::layers::{CatchPanicLayer, Identified, IdentifyLayer};
use waypost_token::Tokens;

use super::Keys;
use super::ask::Ask;
use crate::answer::{Body, Problem, broken, json_response};

const TOKENS: &str = "/v1/realtime/tokens";
/// Largest body.
const LARGEST: usize = 16 << 10;
/// How long it may take to come in.
const PATIENCE: Duration = Duration::from_secs(10);

/// What all requests share.
pub(crate) struct Desk {
    pub(crate) tokens: Tokens,
    pub(crate) keys: Keys,
    pub(crate) panicked: Arc<AtomicU64>,
}

/// The service of the private listener.
pub(crate) fn service(
    desk: Arc<Desk>,
) -> impl Service<Request<Incoming>, Response = Response<Body>, Error = Infallible, Future: Send>
+ Clone
+ Send
+ 'static {
    let panicked = Arc::clone(&desk.panicked);
    ServiceBuilder::new()
        .layer(IdentifyLayer)
        .layer(CatchPanicLayer::new(broken, panicked))
        .service_fn(move |identified: Identified<Incoming>| {
            let desk = Arc::clone(&desk);
            Box::pin(async move {
                let Identified { id, request } = identified;
                let answer = issue(&desk, request).await;
                Ok(answer.unwrap_or_else(|problem| problem.into_response(&id)))
            })
        })
}

async fn issue(desk: &Desk, request: Request<Incoming>) -> Result<Response<Body>, Problem> {
    if request.uri().path() != TOKENS {
        return Err(Problem::not_found("There is POST /v1/realtime/tokens."));
    }
    if request.method() != Method::POST {
        return Err(Problem::method("POST"));
    }
    let unauthorized = |kind, detail| {
        Problem::new(
            StatusCode::UNAUTHORIZED,
            kind,
            "No key that is known",
            detail,
        )
    };
    let Some(shown) = bearer(request.headers()) else {
        let detail = "Send `Authorization: Bearer <key>`, once.";
        return Err(unauthorized("no-token", detail));
    };
    let Some(key) = desk.keys.current().find(shown) else {
        return Err(unauthorized("unknown-key", "This key is not known."));
    };
    let body = read(request.into_body()).await?;
    let claims = Ask::read(&body)?.claims(&key.name, &key.grant)?;
    let expires = OffsetDateTime::from(claims.expires).format(&Rfc3339);
    let answer = json!({
        "token": desk.tokens.issue(&claims),
        "expires_at": expires.unwrap_or_default(),
    });
    Ok(json_response(StatusCode::OK, "application/json", &answer))
}

async fn read(body: Incoming) -> Result<Bytes, Problem> {
    match timeout(PATIENCE, Limited::new(body, LARGEST).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "Body too large",
            "The body may have 16 KiB.",
        )),
        Ok(Err(_)) => Err(Problem::invalid("The body ended early.")),
        Err(_) => Err(Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "timeout",
            "Body too slow",
            "The body did not come in time.",
        )),
    }
}
