//! The steps of a webhook, cheapest first.

use std::time::{Instant, SystemTime};

use http::Request;
use http_body::Body;
use hyper::body::Incoming;
use waypost_queue::Envelope;
use waypost_runtime::RequestId;
use waypost_runtime::patience::patience;
use waypost_telemetry::metrics::ingress;
use waypost_telemetry::metrics::label::WebhookResult;
use waypost_telemetry::trace::{Context, Span, names};
use waypost_telemetry::{About, say};

use crate::answer::Answer;
use crate::app::App;
use crate::body::{self, BodyError};
use crate::enqueue::{self, Place};
use crate::{receive, spans, verify};

/// Takes a webhook, and says what became of it in trace, metrics and log.
pub(crate) async fn accept(app: &App, id: RequestId, request: Request<Incoming>) -> Answer {
    let started = Instant::now();
    // A traceparent is not taken over: strangers would decide what is sampled.
    let mut span = spans::request(
        "POST /webhook",
        receive::WEBHOOK,
        app.scheme,
        id.uuid(),
        Context::NONE,
    )
    .attr(names::REQUEST_ID, id.uuid());
    let taken = take(app, id, request, &mut span).await;
    let result = result(&taken);
    let answer = taken.map_or_else(|answer| answer, |_| Answer::Accepted);
    spans::answered(&mut span, answer.status());
    let about = About::default().request(id.uuid()).trace(span.context());
    let took = started.elapsed();
    say!(debug, about, ?took, "webhook {}", result.as_str());
    ingress::WEBHOOKS.of(result).inc();
    ingress::WEBHOOK_DURATION.record(took);
    answer
}

/// Its size, its signature, its bytes, its place in the queue.
async fn take(
    app: &App,
    id: RequestId,
    request: Request<Incoming>,
    span: &mut Span,
) -> Result<Place, Answer> {
    let (head, body) = request.into_parts();
    // What Content-Length says, or zero.
    if body.size_hint().lower() > app.body_limit as u64 {
        return Err(Answer::TooLarge);
    }
    let signature = verify::signature(&head.headers).ok_or(Answer::Unauthorized)?;
    let reading = body::read(body, app.body_limit, &app.body_memory);
    let bytes = match patience(app.body_timeout, reading).await {
        Ok(Ok(bytes)) => bytes,
        Err(_) => return Err(Answer::Timeout),
        Ok(Err(BodyError::TooLarge)) => return Err(Answer::TooLarge),
        Ok(Err(BodyError::Broken)) => return Err(Answer::BadRequest),
        Ok(Err(BodyError::NoMemory)) => return Err(app.unavailable()),
    };
    span.set(names::HTTP_BODY_SIZE, bytes.len());
    // Over the bytes as they came: Meta signed them after its own escaping, and any parser would undo that.
    if app.app_secrets.verify(Some(signature), &bytes).is_err() {
        return Err(Answer::Unauthorized);
    }
    let size = bytes.len() as u64;
    let envelope = Envelope::webhook(id.uuid(), SystemTime::now(), bytes);
    let place = enqueue::enqueue(app, envelope, span.context())
        .await
        .map_err(|_| app.unavailable())?;
    ingress::WEBHOOK_BYTES.add(size);
    Ok(place)
}

fn result(taken: &Result<Place, Answer>) -> WebhookResult {
    match taken {
        Ok(Place::Redis) => WebhookResult::Accepted,
        Ok(Place::Disk) => WebhookResult::Spooled,
        Err(Answer::Unauthorized) => WebhookResult::Unauthorized,
        Err(Answer::TooLarge) => WebhookResult::TooLarge,
        Err(Answer::Timeout) => WebhookResult::Timeout,
        Err(Answer::Unavailable(_)) => WebhookResult::Unavailable,
        Err(_) => WebhookResult::Invalid,
    }
}
