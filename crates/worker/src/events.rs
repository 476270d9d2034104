//! What the browsers are told of a stored item.

mod beside;
mod outbound;

use serde::Serialize;
use uuid::Uuid;
use waypost_model::{Event, EventKind, Origin};
use waypost_store::{AccountRow, IdentityChange, Item as Row, MessageRow, Person, StatusRow};

use crate::item::Item;
use crate::rows;
pub(crate) use beside::Beside;

#[derive(Serialize)]
struct MessageBody<'a> {
    direction: &'a str,
    origin: &'a str,
    waba_id: &'a str,
    phone_number_id: &'a str,
    /// Meta's id; seldom known already of a message that was just accepted.
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
    /// How far it has come already. What was told of it before its row was there named no contact, so whoever sees one
    /// conversation alone learns it here.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<i64>,
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
    contact_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<i64>,
    /// Our id, and the word of whoever sent it through us.
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
    /// Only of a change that a message announces: there the contact is at hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    contact_id: Option<Uuid>,
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

/// Adds the events of one stored item.
pub(crate) fn add_events(events: &mut Vec<Event>, item: &Item<'_>, beside: &Beside<'_>) {
    let Some(row) = rows::row(item) else { return };
    match &row {
        // The past is stored, and is nobody's news.
        Row::Message(row) if row.origin == Origin::History => {}
        Row::Message(row) => {
            message(events, item, row, beside);
            if let Some(change) = &row.change {
                let (waba, number) = (row.waba_id, row.phone_number_id);
                contact(events, item, (waba, number), change, beside.contact_id);
            }
        }
        Row::Status(row) => status(events, item, row, beside),
        Row::Send(row) => outbound::accepted(events, item, row, beside),
        Row::Fact(row) => outbound::step(events, item, row, beside),
        Row::Account(row) => account(events, item, row),
    }
}

fn message(events: &mut Vec<Event>, item: &Item<'_>, row: &MessageRow<'_>, beside: &Beside<'_>) {
    // What came in has no status of its own.
    let standing = beside.standing;
    let body = MessageBody {
        direction: row.direction.as_str(),
        origin: row.origin.as_str(),
        waba_id: row.waba_id,
        phone_number_id: row.phone_number_id,
        wamid: Some(row.wamid),
        r#type: row.kind,
        contact_id: beside.contact_id,
        from: row.person.phone,
        user_id: row.person.bsuid,
        name: row.person.name,
        duplicate_of: beside.duplicate_of,
        status: standing.and_then(|row| row.status.as_deref()),
        error_code: standing.and_then(|row| row.error_code),
        ours: None,
        request_id: row.request_id,
    };
    let payload = Some(("message", row.payload));
    let number = row.phone_number_id;
    push(events, item, EventKind::Message, number, &body, payload);
}

fn status(events: &mut Vec<Event>, item: &Item<'_>, row: &StatusRow<'_>, beside: &Beside<'_>) {
    let body = StatusBody {
        waba_id: row.waba_id,
        phone_number_id: row.phone_number_id,
        wamid: row.wamid,
        status: row.status,
        contact_id: beside.contact_id,
        recipient_id: row.recipient_id,
        error_code: row.error_code,
        message_id: row.message_id.or(beside.message_id()),
        callback_data: beside.callback_data(),
        request_id: row.request_id,
    };
    let payload = Some(("detail", row.payload));
    let number = row.phone_number_id;
    push(events, item, EventKind::Status, number, &body, payload);
}

fn account(events: &mut Vec<Event>, item: &Item<'_>, row: &AccountRow<'_>) {
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
        contact(events, item, (row.waba_id, number), change, None);
    }
    // A name in the address book is news; who else a change mentions is not.
    for person in row.contacts.iter().filter(|person| person.name.is_some()) {
        let body = contact_body(item, row.waba_id, person);
        push(events, item, EventKind::Contact, number, &body, None);
    }
}

fn contact(
    events: &mut Vec<Event>,
    item: &Item<'_>,
    (waba_id, number): (&str, &str),
    change: &IdentityChange<'_>,
    contact_id: Option<Uuid>,
) {
    let (old, new_phone, new_user_id) = match change {
        IdentityChange::Number { old, new_phone } => (old, Some(*new_phone), None),
        IdentityChange::UserId { old, new_bsuid, .. } => (old, None, Some(*new_bsuid)),
    };
    let body = ContactBody {
        contact_id,
        new_phone,
        new_user_id,
        ..contact_body(item, waba_id, old)
    };
    push(events, item, EventKind::Contact, number, &body, None);
}

fn contact_body<'a>(item: &Item<'_>, waba_id: &'a str, person: &Person<'a>) -> ContactBody<'a> {
    ContactBody {
        waba_id,
        contact_id: None,
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
