//! After the commit: events for what is new, then the memory of it.
//!
//! In this order, because a remembered effect is left out for good: it must never be remembered before its event
//! went out. An entry whose worker died in between is handed back marked, and its events go out again, with the
//! same ids.

use std::time::Duration;

use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;
use waypost_model::{Event, EventKind};
use waypost_queue::QueueError;
use waypost_store::{IdentityChange, Item as Row, MessageRow, Person, StatusRow};

use crate::context::Context;
use crate::parse::{Item, Parsed};
use crate::persist::Fate;
use crate::rows;

/// Pause between tries while Redis is away.
const PAUSE: Duration = Duration::from_millis(250);
/// Events in one round trip, so that a large batch does not make one huge command.
const PAGE: usize = 1024;

/// Publishes and remembers. Goes on trying while Redis is away, since nobody else knows of these events; false when
/// the process stops before all went out.
pub(crate) async fn publish(context: &Context, parsed: &Parsed<'_>, fates: &[Fate]) -> bool {
    let mut events = Vec::with_capacity(fates.len());
    let mut done = Vec::with_capacity(fates.len());
    for (item, fate) in parsed.items.iter().zip(fates) {
        match fate {
            Fate::New {
                contact_id,
                duplicate_of,
            } => add_events(&mut events, item, *contact_id, duplicate_of.as_deref()),
            Fate::Known { published: false } => add_events(&mut events, item, None, None),
            Fate::Dropped => {}
            // Whoever stored it publishes it, and remembers it then. Were it remembered here, and the other died
            // before it could publish, the entry handed back would be left out and its event lost.
            Fate::Known { published: true } | Fate::Bad(_) | Fate::Open => continue,
        }
        done.push(item.effect);
    }
    for page in events.chunks(PAGE) {
        while let Err(error) = context.events.publish(page).await {
            if !rest(context, &error).await {
                return false;
            }
        }
    }
    // Only saves work later, so one try is enough.
    if let Err(error) = context.memory.remember(&done).await {
        tracing::debug!("effects not remembered: {error}");
    }
    true
}

/// Waits before the next try; false when the process stops meanwhile. The batch is then not settled either: it is
/// handed on when the lease ends, and whoever gets it publishes.
async fn rest(context: &Context, error: &QueueError) -> bool {
    tracing::warn!("events wait for Redis: {error}");
    context.redis.fail(error.to_string());
    tokio::select! {
        () = tokio::time::sleep(PAUSE) => true,
        () = context.stopping.cancelled() => false,
    }
}

#[derive(Serialize)]
struct MessageBody<'a> {
    direction: &'a str,
    origin: &'a str,
    waba_id: &'a str,
    phone_number_id: &'a str,
    wamid: &'a str,
    r#type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duplicate_of: Option<&'a str>,
    request_id: Uuid,
    message: &'a RawValue,
}

#[derive(Serialize)]
struct StatusBody<'a> {
    waba_id: &'a str,
    phone_number_id: &'a str,
    wamid: &'a str,
    status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<i64>,
    request_id: Uuid,
    detail: &'a RawValue,
}

#[derive(Serialize)]
struct AccountBody<'a> {
    waba_id: &'a str,
    field: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_number_id: Option<&'a str>,
    request_id: Uuid,
    change: &'a RawValue,
}

#[derive(Serialize)]
struct ContactBody<'a> {
    waba_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new_phone: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new_user_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    request_id: Uuid,
}

fn add_events(
    events: &mut Vec<Event>,
    item: &Item<'_>,
    contact_id: Option<Uuid>,
    duplicate_of: Option<&str>,
) {
    let Some(row) = rows::row(item) else { return };
    match &row {
        // The past is stored, and is nobody's news.
        Row::Message(row) if row.origin == waypost_model::Origin::History => {}
        Row::Message(row) => {
            message(events, item, row, contact_id, duplicate_of);
            if let Some(change) = &row.change {
                contact(events, item, row.waba_id, row.phone_number_id, change);
            }
        }
        Row::Status(row) => status(events, item, row),
        Row::Account(row) => {
            let number = row.phone_number_id.unwrap_or_default();
            let body = raw(row.payload).map(|change| AccountBody {
                waba_id: row.waba_id,
                field: row.field,
                phone_number_id: row.phone_number_id,
                request_id: row.request_id,
                change,
            });
            push(events, item, EventKind::Account, number, body.as_ref());
            for change in &row.changes {
                contact(events, item, row.waba_id, number, change);
            }
            // A name in the address book is news; who else a change mentions is not.
            for person in row.contacts.iter().filter(|person| person.name.is_some()) {
                let body = contact_body(item, row.waba_id, person);
                push(events, item, EventKind::Contact, number, Some(&body));
            }
        }
    }
}

fn message(
    events: &mut Vec<Event>,
    item: &Item<'_>,
    row: &MessageRow<'_>,
    contact_id: Option<Uuid>,
    duplicate_of: Option<&str>,
) {
    let body = raw(row.payload).map(|message| MessageBody {
        direction: row.direction.as_str(),
        origin: row.origin.as_str(),
        waba_id: row.waba_id,
        phone_number_id: row.phone_number_id,
        wamid: row.wamid,
        r#type: row.kind,
        contact_id,
        from: row.person.phone,
        user_id: row.person.bsuid,
        name: row.person.name,
        duplicate_of,
        request_id: row.request_id,
        message,
    });
    push(
        events,
        item,
        EventKind::Message,
        row.phone_number_id,
        body.as_ref(),
    );
}

fn status(events: &mut Vec<Event>, item: &Item<'_>, row: &StatusRow<'_>) {
    let body = raw(row.payload).map(|detail| StatusBody {
        waba_id: row.waba_id,
        phone_number_id: row.phone_number_id,
        wamid: row.wamid,
        status: row.status,
        recipient_id: row.recipient_id,
        error_code: row.error_code,
        request_id: row.request_id,
        detail,
    });
    push(
        events,
        item,
        EventKind::Status,
        row.phone_number_id,
        body.as_ref(),
    );
}

fn contact(
    events: &mut Vec<Event>,
    item: &Item<'_>,
    waba_id: &str,
    number: &str,
    change: &IdentityChange<'_>,
) {
    let (old, new_phone, new_user_id) = match change {
        IdentityChange::Number { old, new_phone } => (old, Some(*new_phone), None),
        IdentityChange::UserId { old, new_bsuid, .. } => (old, None, Some(*new_bsuid)),
    };
    let body = ContactBody {
        new_phone,
        new_user_id,
        ..contact_body(item, waba_id, old)
    };
    push(events, item, EventKind::Contact, number, Some(&body));
}

fn contact_body<'a>(item: &Item<'_>, waba_id: &'a str, person: &Person<'a>) -> ContactBody<'a> {
    ContactBody {
        waba_id,
        phone: person.phone,
        user_id: person.bsuid,
        new_phone: None,
        new_user_id: None,
        name: person.name,
        request_id: item.envelope.request_id,
    }
}

fn push(
    events: &mut Vec<Event>,
    item: &Item<'_>,
    kind: EventKind,
    number: &str,
    body: Option<&impl Serialize>,
) {
    // One update may tell of several contacts: each event has an id of its own, the same in every delivery.
    let id = match kind {
        EventKind::Contact => item.effect.part(contacts_of(events, item)),
        _ => item.effect,
    };
    let event = body.map(|body| Event::new(id, kind, number, body));
    match event {
        Some(Ok(event)) => events.push(event),
        // What is in Postgres as JSON is JSON; this cannot happen, and must not cost the siblings if it does.
        _ => tracing::error!(kind = kind.as_str(), "an event could not be written"),
    }
}

/// How many contact events this update has brought already. They stand together at the end.
fn contacts_of(events: &[Event], item: &Item<'_>) -> usize {
    let before = events.iter().rposition(|event| event.id == item.effect);
    events.len() - before.map_or(0, |at| at + 1)
}

fn raw(payload: &str) -> Option<&RawValue> {
    serde_json::from_str(payload).ok()
}
