//! Events of messages that are sent through us.

use serde::Serialize;
use uuid::Uuid;
use waypost_model::{DeadClass, Direction, Event, EventKind, Origin, SendState};
use waypost_store::{FactRow, SendRow};

use super::{Beside, MessageBody, push};
use crate::item::{Content, Item};

/// What only a message has that was sent through us.
#[derive(Serialize)]
pub(super) struct Accepted<'a> {
    message_id: Uuid,
    /// Where it stands, which is seldom further than accepted.
    state: &'a str,
    life: u32,
    attempt: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<&'a str>,
    priority: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    callback_data: Option<&'a str>,
}

/// A step on the way to Meta. Steps may be told out of order: the highest life, attempt and state counts, and `sent` is
/// final.
#[derive(Serialize)]
struct FactBody<'a> {
    phone_number_id: &'a str,
    message_id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact_id: Option<Uuid>,
    state: &'a str,
    life: u32,
    attempt: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wamid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<i64>,
    /// What the code means and what to do, in our words.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    /// What Meta or the network said.
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    callback_data: Option<&'a str>,
}

/// A message was accepted.
pub(super) fn accepted(
    events: &mut Vec<Event>,
    item: &Item<'_>,
    row: &SendRow<'_>,
    beside: &Beside<'_>,
) {
    let standing = beside.standing;
    let sending = standing.and_then(|row| row.sending.as_ref());
    let body = MessageBody {
        direction: Direction::Out.as_str(),
        origin: Origin::Live.as_str(),
        waba_id: row.account.unwrap_or_default(),
        phone_number_id: row.phone_number_id,
        wamid: standing.and_then(|row| row.wamid.as_deref()),
        r#type: row.kind,
        contact_id: beside.contact_id,
        from: row.person.phone,
        user_id: row.person.bsuid,
        name: None,
        duplicate_of: None,
        status: standing.and_then(|row| row.status.as_deref()),
        error_code: standing.and_then(|row| row.error_code),
        ours: Some(Accepted {
            message_id: row.id,
            state: sending.map_or(SendState::Accepted.as_str(), |sending| &sending.state),
            life: sending.map_or(0, |sending| sending.life),
            attempt: sending.map_or(0, |sending| sending.attempt),
            class: sending.and_then(|sending| sending.class.as_deref()),
            priority: row.priority.as_str(),
            callback_data: row.callback_data,
        }),
        request_id: row.request_id,
    };
    let payload = Some(("message", row.payload));
    let number = row.phone_number_id;
    push(events, item, EventKind::Message, number, &body, payload);
}

/// It went a step further.
pub(super) fn step(
    events: &mut Vec<Event>,
    item: &Item<'_>,
    row: &FactRow<'_>,
    beside: &Beside<'_>,
) {
    let Content::Fact(fact) = &item.content else {
        return;
    };
    let number = fact.phone_number_id.as_str();
    let body = FactBody {
        phone_number_id: number,
        message_id: row.message_id,
        contact_id: beside.contact_id,
        state: row.state.as_str(),
        life: row.life,
        attempt: row.attempt,
        class: row.class.map(DeadClass::as_str),
        wamid: row.wamid,
        error_code: row.error_code,
        error: row.error_code.and_then(waypost_whatsapp::graph::explain),
        error_message: row.error_message,
        callback_data: beside.callback_data(),
    };
    push(events, item, EventKind::Status, number, &body, None);
}
