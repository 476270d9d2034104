//! Short ways to make rows.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use uuid::Uuid;
use waypost_model::{Direction, Origin};
use waypost_store::{AccountRow, Item, MessageRow, Person, StatusRow};

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
