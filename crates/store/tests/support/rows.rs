//! Short ways to make rows.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use uuid::Uuid;
use waypost_model::{Direction, OnUnknown, Origin, Priority, SendState};
use waypost_store::{AccountRow, FactRow, Item, MessageRow, Person, SendRow, StatusRow};

pub const WABA: &str = "1029384756";
pub const NUMBER: &str = "5550001";

/// Seconds after a fixed moment some way back.
pub fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_790_000_000 + seconds)
}

pub fn phone(phone: &str) -> Person<'_> {
    Person {
        phone: Some(phone),
        ..Person::default()
    }
}

pub fn bsuid(bsuid: &str) -> Person<'_> {
    Person {
        bsuid: Some(bsuid),
        ..Person::default()
    }
}

pub fn both<'a>(phone: &'a str, bsuid: &'a str) -> Person<'a> {
    Person {
        phone: Some(phone),
        bsuid: Some(bsuid),
        ..Person::default()
    }
}

/// A text that came in just now.
pub fn text<'a>(wamid: &'a str, person: Person<'a>, sent: u64) -> MessageRow<'a> {
    MessageRow {
        direction: Direction::In,
        origin: Origin::Live,
        waba_id: WABA,
        phone_number_id: NUMBER,
        wamid,
        kind: "text",
        sent_at: Some(at(sent)),
        received_at: SystemTime::now(),
        request_id: Uuid::now_v7(),
        trace_id: None,
        person,
        group_id: None,
        context_wamid: None,
        status: None,
        content: None,
        media: None,
        change: None,
        payload: r#"{"type":"text"}"#,
    }
}

/// A message that the business sent.
pub fn sent<'a>(wamid: &'a str, person: Person<'a>) -> MessageRow<'a> {
    MessageRow {
        direction: Direction::Out,
        origin: Origin::Echo,
        sent_at: None,
        ..text(wamid, person, 0)
    }
}

pub fn status<'a>(wamid: &'a str, word: &'a str, when: u64) -> StatusRow<'a> {
    StatusRow {
        waba_id: WABA,
        phone_number_id: NUMBER,
        wamid,
        status: word,
        at: Some(at(when)),
        received_at: SystemTime::now(),
        request_id: Uuid::now_v7(),
        recipient_id: None,
        participant: None,
        person: Person::default(),
        error_code: None,
        message_id: None,
        callback: None,
        payload: "{}",
    }
}

pub fn account<'a>(field: &'a str, content: u8) -> AccountRow<'a> {
    AccountRow {
        waba_id: WABA,
        field,
        phone_number_id: None,
        at: Some(at(0)),
        received_at: SystemTime::now(),
        request_id: Uuid::now_v7(),
        content: [content; 32],
        payload: "{}",
        changes: Vec::new(),
        contacts: Vec::new(),
    }
}

pub fn messages(rows: Vec<MessageRow<'_>>) -> Vec<Item<'_>> {
    rows.into_iter().map(Item::Message).collect()
}

pub fn statuses(rows: Vec<StatusRow<'_>>) -> Vec<Item<'_>> {
    rows.into_iter().map(Item::Status).collect()
}

/// A text accepted from a sender.
pub fn send(id: Uuid) -> SendRow<'static> {
    SendRow {
        id,
        request_id: Uuid::now_v7(),
        trace_id: None,
        phone_number_id: NUMBER,
        account: Some(WABA),
        kind: "text",
        person: phone("4917"),
        group_id: None,
        context_wamid: None,
        accepted_at: at(0),
        callback_data: Some("order 7"),
        priority: Priority::Normal,
        send_at: None,
        expires_at: None,
        on_unknown: OnUnknown::Fail,
        key_name: "test",
        payload: r#"{"type":"text"}"#,
    }
}

/// Something that happened to it, as many seconds later as `attempt` says.
pub fn fact(id: Uuid, life: u32, attempt: u32, state: SendState) -> FactRow<'static> {
    FactRow {
        message_id: id,
        life,
        attempt,
        attempted: false,
        state,
        verdict: "",
        class: None,
        error_code: None,
        error_subcode: None,
        http_status: None,
        error_message: None,
        fbtrace_id: None,
        wamid: None,
        started_at: at(10 * u64::from(life) + u64::from(attempt)),
        finished_at: None,
        next_at: None,
    }
}

/// The end of an attempt.
pub fn tried(id: Uuid, attempt: u32, state: SendState, verdict: &str) -> FactRow<'_> {
    FactRow {
        attempted: true,
        verdict,
        http_status: Some(200),
        ..fact(id, 0, attempt, state)
    }
}
