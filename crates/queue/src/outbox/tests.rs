//! What is carried comes out as it went in.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use uuid::Uuid;
use waypost_model::{DeadClass, OnUnknown, Priority, Recipient, SendState};

use super::*;
use crate::envelope::Envelope;

pub(crate) fn outgoing(number: &str, phone: &str) -> Outgoing {
    Outgoing {
        id: Uuid::now_v7(),
        accepted_at: SystemTime::now(),
        request_id: Uuid::now_v7(),
        traceparent: String::new(),
        phone_number_id: number.to_owned(),
        account: String::new(),
        recipient: Recipient::Phone(phone.to_owned()),
        kind: "text".to_owned(),
        priority: Priority::Normal,
        on_unknown: OnUnknown::Fail,
        send_at: None,
        expires_at: None,
        callback_data: None,
        key_name: "test".to_owned(),
        by_link: false,
        body: Bytes::from_static(b"{\"type\":\"text\"}"),
    }
}

fn at(ms: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(ms)
}

fn through(envelope: Envelope) -> Envelope {
    use prost::Message;
    let bytes = envelope.into_wire().encode_to_vec();
    Envelope::decode(Bytes::from(bytes)).unwrap()
}

#[test]
fn a_message_comes_out_as_it_went_in() {
    let mut message = outgoing("1", "4917");
    message.accepted_at = at(1_700_000_000_123);
    message.send_at = Some(at(1_700_000_001_000));
    message.expires_at = Some(at(1_700_000_002_000));
    message.callback_data = Some("theirs".to_owned());
    message.recipient = Recipient::User("DE.1".to_owned());
    let envelope = through(message.clone().into_envelope());
    assert!(Outgoing::from_envelope(&envelope).unwrap() == message);
}

#[test]
fn a_fact_comes_out_as_it_went_in() {
    let mut fact = Fact::change(Uuid::now_v7(), "1", SendState::Dead);
    fact.started_at = at(5);
    fact.finished_at = Some(at(7));
    fact.class = Some(DeadClass::Exhausted);
    fact.error_code = Some(131_000);
    fact.http_status = Some(500);
    fact.wamid = Some("wamid.X".to_owned());
    let envelope = through(fact.clone().into_envelope());
    assert!(Fact::from_envelope(&envelope).unwrap() == fact);
}

#[test]
fn progress_comes_out_as_it_went_in_and_none_takes_no_room() {
    assert!(Progress::default().encode().is_empty());
    let mut progress = Progress {
        attempts: 3,
        unknown: true,
        ..Progress::default()
    };
    for attempt in 0..100 {
        progress.note(AttemptError {
            attempt,
            at: at(u64::from(attempt) + 1),
            verdict: "retry".to_owned(),
            code: Some(2),
            http_status: None,
            message: "m".to_owned(),
        });
    }
    assert_eq!(progress.errors.len(), Progress::ERRORS);
    assert_eq!(progress.errors[0].attempt, 0);
    assert_eq!(progress.errors.last().unwrap().attempt, 99);
    assert_eq!(Progress::decode(&progress.encode()).unwrap(), progress);
}

#[test]
fn nothing_of_a_person_shows_in_debug_output() {
    let text = format!("{:?}", outgoing("1", "49171234567"));
    assert!(!text.contains("4917"), "{text}");
}
