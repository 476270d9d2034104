//! The trace goes along, both ways.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

use std::time::SystemTime;

use bytes::Bytes;
use uuid::Uuid;
use waypost_model::{EffectKey, OnUnknown, Priority, Recipient};
use waypost_queue::{Envelope, Outgoing};
use waypost_telemetry::trace::Context;

use super::*;
use crate::item::Origin;
use crate::outbound::Sending;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn traceparent(version: &str, id: &str) -> String {
    format!("{version}-{id}-00f067aa0ba902b7-01")
}

fn origin(envelope: &Envelope) -> Origin<'_> {
    Origin {
        entry: 0,
        envelope,
        doubtful: false,
        context: Context::parse(&envelope.traceparent),
    }
}

#[test]
fn only_a_good_trace_is_kept() {
    for version in ["00", "cc"] {
        assert_eq!(trace_id(&traceparent(version, TRACE)), Some(TRACE));
    }
    for bad in [
        String::new(),
        TRACE.to_owned(),
        traceparent("00", &"0".repeat(32)),
        traceparent("00", &TRACE.to_uppercase()),
        traceparent("00", &TRACE[1..]),
    ] {
        assert_eq!(trace_id(&bad), None, "{bad}");
    }
}

#[test]
fn a_message_received_has_the_trace_of_its_webhook() {
    let body = r#"{"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": "messages", "value": {
        "messaging_product": "whatsapp", "metadata": {"display_phone_number": "15550001", "phone_number_id": "5550001"},
        "messages": [{"from": "491", "id": "w1", "timestamp": "1790000000", "type": "text", "text": {"body": "Hello"}}]}}]}]}"#;
    let mut envelope = Envelope::webhook(
        Uuid::now_v7(),
        SystemTime::now(),
        Bytes::from_static(body.as_bytes()),
    );
    envelope.traceparent = traceparent("00", TRACE);
    let webhook = waypost_whatsapp::parse(&envelope.body).unwrap();
    let update = webhook.updates().remove(0);
    let item = Item::new(origin(&envelope), update);
    let Some(Row::Message(row)) = row(&item) else {
        panic!("no message");
    };
    assert_eq!(row.trace_id, Some(TRACE));
}

#[test]
fn a_message_to_send_has_the_trace_of_its_request() {
    let envelope = Outgoing {
        id: Uuid::now_v7(),
        accepted_at: SystemTime::now(),
        request_id: Uuid::now_v7(),
        traceparent: traceparent("00", TRACE),
        phone_number_id: "5550001".to_owned(),
        account: String::new(),
        recipient: Recipient::Phone("491".to_owned()),
        kind: "text".to_owned(),
        priority: Priority::Normal,
        on_unknown: OnUnknown::Fail,
        send_at: None,
        expires_at: None,
        callback_data: None,
        key_name: "test".to_owned(),
        by_link: false,
        body: Bytes::from_static(b"{}"),
    }
    .into_envelope();
    let sending = Sending::read(&envelope).unwrap();
    let effect = EffectKey::send(envelope.id);
    let item = Item::of(origin(&envelope), Content::Send(sending), effect);
    let Some(Row::Send(row)) = row(&item) else {
        panic!("no message to send");
    };
    assert_eq!(row.trace_id, Some(TRACE));
}
