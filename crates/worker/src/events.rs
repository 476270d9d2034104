//! What the browsers are told of a stored item.

mod outbound;

use serde::Serialize;
use uuid::Uuid;
use waypost_model::{Event, EventKind, Origin};
use waypost_store::{IdentityChange, Item as Row, MessageRow, Person, StatusRow};

use crate::item::Item;
use crate::rows;

#[derive(Serialize)]
struct MessageBody<'a> {
    direction: &'a str,
    origin: &'a str,
    waba_id: &'a str,
    phone_number_id: &'a str,
    /// Meta's id; not known yet of a message that was just accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    wamid: Option<&'a str>,
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
    #[serde(flatten)]
    ours: Option<outbound::Accepted<'a>>,
    request_id: Uuid,
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
    /// Our id, and the word of whoever sent it: what Meta echoes is ours alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    callback_data: Option<&'a str>,
    request_id: Uuid,
}

#[derive(Serialize)]
struct AccountBody<'a> {
    waba_id: &'a str,
    field: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_number_id: Option<&'a str>,
    request_id: Uuid,
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

/// Adds the events of one stored item. `callback_data` is what the sender gave with the message that it speaks of.
pub(crate) fn add_events(
    events: &mut Vec<Event>,
    item: &Item<'_>,
    contact_id: Option<Uuid>,
    duplicate_of: Option<&str>,
    callback_data: Option<&str>,
) {
    let Some(row) = rows::row(item) else { return };
    match &row {
        // The past is stored, and is nobody's news.
        Row::Message(row) if row.origin == Origin::History => {}
        Row::Message(row) => {
            message(events, item, row, contact_id, duplicate_of);
            if let Some(change) = &row.change {
                contact(events, item, row.waba_id, row.phone_number_id, change);
            }
        }
        Row::Status(row) => status(events, item, row, callback_data),
        Row::Send(row) => outbound::accepted(events, item, row, contact_id),
        Row::Fact(row) => outbound::step(events, item, row, callback_data),
        Row::Account(row) => {
            let number = row.phone_number_id.unwrap_or_default();
            let body = AccountBody {
                waba_id: row.waba_id,
                field: row.field,
                phone_number_id: row.phone_number_id,
                request_id: row.request_id,
            };
            let payload = Some(("change", row.payload));
            push(events, item, EventKind::Account, number, &body, payload);
            for change in &row.changes {
                contact(events, item, row.waba_id, number, change);
            }
            // A name in the address book is news; who else a change mentions is not.
            for person in row.contacts.iter().filter(|person| person.name.is_some()) {
                let body = contact_body(item, row.waba_id, person);
                push(events, item, EventKind::Contact, number, &body, None);
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
    let body = MessageBody {
        direction: row.direction.as_str(),
        origin: row.origin.as_str(),
        waba_id: row.waba_id,
        phone_number_id: row.phone_number_id,
        wamid: Some(row.wamid),
        r#type: row.kind,
        contact_id,
        from: row.person.phone,
        user_id: row.person.bsuid,
        name: row.person.name,
        duplicate_of,
        ours: None,
        request_id: row.request_id,
    };
    let payload = Some(("message", row.payload));
    let number = row.phone_number_id;
    push(events, item, EventKind::Message, number, &body, payload);
}

fn status(
    events: &mut Vec<Event>,
    item: &Item<'_>,
    row: &StatusRow<'_>,
    callback_data: Option<&str>,
) {
    let body = StatusBody {
        waba_id: row.waba_id,
        phone_number_id: row.phone_number_id,
        wamid: row.wamid,
        status: row.status,
        recipient_id: row.recipient_id,
        error_code: row.error_code,
        message_id: row.message_id,
        callback_data,
        request_id: row.request_id,
    };
    let payload = Some(("detail", row.payload));
    let number = row.phone_number_id;
    push(events, item, EventKind::Status, number, &body, payload);
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
    push(events, item, EventKind::Contact, number, &body, None);
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
    body: &impl Serialize,
    payload: Option<(&str, &str)>,
) {
    // One update may tell of several contacts: each event has an id of its own, the same in every delivery.
    let id = match kind {
        EventKind::Contact => item.effect.part(contacts_of(events, item)),
        _ => item.effect,
    };
    match Event::new(id, kind, number, body) {
        Ok(mut event) => {
            if let Some((name, payload)) = payload {
                event.carry(name, payload);
            }
            events.push(event);
        }
        // Structs of strings always serialise; if one does not, it must not cost the siblings.
        Err(error) => tracing::error!(
            kind = kind.as_str(),
            "an event could not be written: {error}"
        ),
    }
}

/// How many contact events this update has brought already. They stand together at the end.
fn contacts_of(events: &[Event], item: &Item<'_>) -> usize {
    let before = events.iter().rposition(|event| event.id == item.effect);
    events.len() - before.map_or(0, |at| at + 1)
}
