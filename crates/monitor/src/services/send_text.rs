//! `MessageService.SendText`: a text, for trying.

use std::time::SystemTime;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use tonic::Status;
use uuid::Uuid;
use waypost_model::{OnUnknown, Priority, Recipient};
use waypost_queue::{AcceptError, Accepted, Idempotency, Outgoing};
use waypost_rpc::rules::Violation;
use waypost_rpc::v1::{SendTextRequest, SendTextResponse};
use waypost_telemetry::trace::{self, Kind, Span, names};
use waypost_whatsapp::send::{To, check};

use crate::call::Call;
use crate::fault;
use crate::plane::Plane;

pub(super) async fn send_text(
    plane: &Plane,
    call: Call<SendTextRequest>,
) -> Result<SendTextResponse, Status> {
    let number = call.message.phone_number_id.clone();
    let body = body(&call.message);
    let checked = check(&body).map_err(|faults| {
        let told = faults.into_iter().map(|fault| Violation {
            field: if fault.pointer.starts_with("/text") {
                "text"
            } else {
                "to"
            }
            .to_owned(),
            description: fault.message,
        });
        fault::invalid(&told.collect::<Vec<_>>())
    })?;
    let To::Phone(digits) = checked.to else {
        return Err(fault::wrong("to", "must be a phone number"));
    };
    let stats = plane
        .outbox
        .number(&number)
        .await
        .map_err(|error| fault::redis(&error))?;
    let id = Uuid::now_v7();
    let span = publish(id, &number, call.trace);
    let outgoing = Outgoing {
        id,
        accepted_at: SystemTime::now(),
        request_id: call.request_id,
        traceparent: span.context().traceparent(),
        phone_number_id: number.clone(),
        account: stats.account.unwrap_or_default(),
        recipient: Recipient::Phone(digits),
        kind: checked.kind,
        priority: Priority::High,
        on_unknown: OnUnknown::Fail,
        send_at: None,
        expires_at: None,
        callback_data: None,
        key_name: format!("admin:{}", call.caller.name),
        by_link: false,
        body: serde_json::to_vec(&body).unwrap_or_default().into(),
    };
    let key = &call.message.idempotency_key;
    let idempotency = (!key.is_empty()).then(|| Idempotency {
        key: format!("admin:{}:{key}", call.caller.name),
        digest: Sha256::digest(&outgoing.body).into(),
    });
    let change = plane
        .audit
        .begin(
            "MessageService.SendText",
            &call,
            format!("number {number}"),
            Value::Null,
        )
        .await?;
    let taken = plane.acceptor.accept(outgoing, idempotency).await;
    published(span, &taken);
    let taken = taken
        .map_err(|error| refusal(&error))
        .map(|accepted| match accepted {
            Accepted::New { id, .. } => SendTextResponse {
                id: id.to_string(),
                replayed: false,
            },
            Accepted::Known { id } => SendTextResponse {
                id: id.to_string(),
                replayed: true,
            },
        });
    change
        .end_with(taken, |taken| json!({"id": taken.id}))
        .await
}

/// The first span of the message, in the trace of the call.
fn publish(id: Uuid, number: &str, call: trace::Context) -> Span {
    trace::first("outbox publish", id, call)
        .kind(Kind::Producer)
        .attr(names::MESSAGING_SYSTEM, names::SYSTEM)
        .attr(names::DESTINATION, "outbox")
        .attr(names::OPERATION_TYPE, "send")
        .attr(names::MESSAGE_ID, id)
        .attr(names::NUMBER, number.to_owned())
}

/// Says what the outbox said, and ends the span.
fn published(mut span: Span, taken: &Result<Accepted, AcceptError>) {
    match taken {
        Ok(Accepted::Known { id }) => {
            span.set(names::MESSAGE_ID, *id);
            span.add_link(trace::resume("", *id));
        }
        Ok(Accepted::New { .. }) => {}
        Err(AcceptError::Unknown(_) | AcceptError::NoReplica) => span.unknown(),
        // What the caller can mend by itself.
        Err(AcceptError::Conflict | AcceptError::Backlog { .. }) => {}
        Err(error) => span.error(error.to_string()),
    }
}

/// The body for Meta.
fn body(message: &SendTextRequest) -> Map<String, Value> {
    let body = json!({
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": message.to,
        "type": "text",
        "text": { "body": message.text },
    });
    match body {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

fn refusal(error: &AcceptError) -> Status {
    match error {
        AcceptError::Conflict => fault::precondition(
            "IDEMPOTENCY_KEY_USED",
            "the key came with another message before; nothing was taken",
        ),
        AcceptError::Backlog { limit } => fault::precondition(
            "BACKLOG_FULL",
            &format!("{limit} messages of this number wait already; nothing was taken"),
        ),
        AcceptError::Unknown(_) | AcceptError::NoReplica => fault::unavailable(
            "OUTCOME_UNKNOWN",
            "whether the message was taken is not known: repeat the call with the same idempotency_key; without one it might be sent twice",
        ),
        other => fault::unavailable("REDIS_UNAVAILABLE", &format!("nothing was taken: {other}")),
    }
}
