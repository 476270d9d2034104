//! Into the outbox: 202 only when Redis holds the message.

use std::sync::Arc;
use std::time::SystemTime;

use http::Request;
use hyper::body::Incoming;
use sha2::{Digest, Sha256};
use uuid::Uuid;
use waypost_queue::{AcceptError, Accepted, Idempotency, Outgoing};
use waypost_telemetry::metrics::ingress;
use waypost_telemetry::metrics::label::SendResult;
use waypost_telemetry::trace::{self, Span, names};

use super::answer::{Problem, Reply, Taken};
use super::check::{Draft, Rules, check};
use super::keys::Key;
use super::kind::Kind;
use super::route::Asked;
use super::{Api, members, read};
use crate::spans;

/// Answers `POST /v1/messages`.
pub(crate) async fn message(
    api: &Api,
    asked: &mut Asked,
    key: &Arc<Key>,
    request: Request<Incoming>,
) -> Result<Reply, Problem> {
    let (head, body) = request.into_parts();
    let idempotency_key = read::idempotency_key(&head.headers)?;
    let bytes = read::body(api, &head.headers, body, api.settings.body_limit).await?;
    let rules = rules(api, key);
    let draft = check(&rules, members::whole(&bytes)?)?;
    ready(api)?;
    let idempotency = idempotency_key.map(|given| Idempotency {
        key: format!("{}\0{given}", key.name),
        digest: Sha256::digest(&bytes).into(),
    });
    let origin = Origin {
        request_id: asked.id.uuid(),
        key_name: key.name.clone(),
    };
    let is_later = draft.is_later(rules.now);
    let parent = asked.span.context();
    let mut span = spans::publish("outbox publish", "outbox", asked.message, parent);
    let outgoing = outgoing(api, &origin, draft, asked.message, &mut span);
    let accepted = api.acceptor.accept(outgoing, idempotency).await;
    published(&mut span, &accepted);
    if let Ok(Accepted::Known { id }) = &accepted {
        asked.span.add_link(trace::resume("", *id));
    }
    taken(accepted, is_later).map(Reply::One)
}

/// What all messages of one request share.
pub(crate) struct Origin {
    pub(crate) request_id: Uuid,
    pub(crate) key_name: String,
}

impl Draft {
    /// Whether it has to wait for its time.
    pub(crate) fn is_later(&self, now: SystemTime) -> bool {
        self.send_at.is_some_and(|at| at > now)
    }
}

pub(crate) fn rules(api: &Api, key: &Arc<Key>) -> Rules {
    Rules {
        key: Arc::clone(key),
        on_unknown: api.settings.on_unknown,
        max_ahead: api.settings.max_ahead,
        now: SystemTime::now(),
    }
}

/// Until Redis has been found fit, it might be one that evicts keys.
pub(crate) fn ready(api: &Api) -> Result<(), Problem> {
    if api.gate.is_open() {
        return Ok(());
    }
    let detail = "Redis has not been reached yet; nothing was taken.";
    Err(Problem::new(Kind::Unavailable, detail))
}

/// The message as the outbox holds it; `span` is where it is put there.
pub(crate) fn outgoing(
    api: &Api,
    origin: &Origin,
    draft: Draft,
    id: Uuid,
    span: &mut Span,
) -> Outgoing {
    let traceparent = span.context().traceparent();
    if span.context().is_sampled() {
        span.set(names::NUMBER, draft.from.clone());
    }
    let numbers = api.numbers.current();
    let account = numbers
        .get(&draft.from)
        .and_then(|number| number.account.clone())
        .unwrap_or_default();
    Outgoing {
        id,
        accepted_at: SystemTime::now(),
        request_id: origin.request_id,
        traceparent,
        phone_number_id: draft.from,
        account,
        recipient: draft.recipient,
        kind: draft.kind,
        priority: draft.priority,
        on_unknown: draft.on_unknown,
        send_at: draft.send_at,
        expires_at: draft.expires_at,
        callback_data: draft.callback_data,
        key_name: origin.key_name.clone(),
        by_link: draft.by_link,
        body: draft.body,
    }
}

/// What the outbox said, in the span in which it was asked.
pub(crate) fn published(span: &mut Span, accepted: &Result<Accepted, AcceptError>) {
    match accepted {
        // It has the trace of when it came first.
        Ok(Accepted::Known { id }) => {
            span.set(names::MESSAGE_ID, *id);
            span.add_link(trace::resume("", *id));
        }
        Ok(Accepted::New { .. }) => {}
        Err(AcceptError::Unknown(_) | AcceptError::NoReplica) => span.unknown(),
        // What the sender can mend by itself.
        Err(AcceptError::Conflict | AcceptError::Backlog { .. }) => {}
        Err(error) => span.error(error.to_string()),
    }
}

/// What the outbox said, as an answer. `is_later` tells of a known message what the same request told of it first.
pub(crate) fn taken(
    accepted: Result<Accepted, AcceptError>,
    is_later: bool,
) -> Result<Taken, Problem> {
    match accepted {
        Ok(Accepted::New { id, scheduled }) => {
            ingress::SEND_REQUESTS.of(SendResult::Accepted).inc();
            Ok(Taken {
                id,
                scheduled,
                replayed: false,
            })
        }
        Ok(Accepted::Known { id }) => {
            ingress::SEND_REQUESTS.of(SendResult::Replayed).inc();
            Ok(Taken {
                id,
                scheduled: is_later,
                replayed: true,
            })
        }
        Err(error) => Err(problem(&error)),
    }
}

fn problem(error: &AcceptError) -> Problem {
    match error {
        AcceptError::Conflict => Problem::new(
            Kind::Conflict,
            "The Idempotency-Key came with another body before; nothing was taken.",
        ),
        AcceptError::Backlog { limit } => Problem::new(
            Kind::Backlog,
            format!("{limit} messages of this number wait already; nothing was taken."),
        ),
        AcceptError::Unknown(_) | AcceptError::NoReplica => Problem::new(
            Kind::Unavailable,
            "Whether the message was taken is not known. Repeat the request with the same Idempotency-Key; without one it might be sent twice.",
        ),
        // Whoever refused has logged why; the caller learns what follows from it.
        _ => Problem::new(
            Kind::Unavailable,
            "The message could not be made durable; nothing was taken.",
        ),
    }
}
