//! The steps of a webhook, cheapest first.

use std::time::SystemTime;

use http::Request;
use http_body::Body;
use hyper::body::Incoming;
use waypost_queue::Envelope;
use waypost_runtime::RequestId;
use waypost_runtime::patience::patience;

use crate::answer::Answer;
use crate::app::{App, count};
use crate::body::{self, BodyError};
use crate::{enqueue, verify};

/// Takes a webhook: its size, its signature, its bytes, its place in the queue.
pub(crate) async fn accept(app: &App, id: RequestId, request: Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    // What Content-Length says, or zero.
    if body.size_hint().lower() > app.body_limit as u64 {
        return Answer::TooLarge;
    }
    let Some(signature) = verify::signature(&head.headers) else {
        count(&app.counters.unsigned);
        return Answer::Unauthorized;
    };
    let reading = body::read(body, app.body_limit, &app.body_memory);
    let bytes = match patience(app.body_timeout, reading).await {
        Ok(Ok(bytes)) => bytes,
        Err(_) => return Answer::Timeout,
        Ok(Err(BodyError::TooLarge)) => return Answer::TooLarge,
        Ok(Err(BodyError::Broken)) => return Answer::BadRequest,
        Ok(Err(BodyError::NoMemory)) => return unavailable(app),
    };
    // Over the bytes as they came: Meta signed them after its own escaping, and any parser would undo that.
    if app.app_secrets.verify(Some(signature), &bytes).is_err() {
        count(&app.counters.unsigned);
        return Answer::Unauthorized;
    }
    let envelope = Envelope::webhook(id.uuid(), SystemTime::now(), bytes);
    match enqueue::enqueue(app, envelope).await {
        Ok(()) => Answer::Accepted,
        Err(_) => unavailable(app),
    }
}

fn unavailable(app: &App) -> Answer {
    count(&app.counters.unavailable);
    Answer::Unavailable(app.retry_after.clone())
}
