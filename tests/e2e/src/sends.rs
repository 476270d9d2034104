//! Messages to send by hand, as the ingress would accept them.

use std::time::SystemTime;

use bytes::Bytes;
use serde_json::{Value, json};
use uuid::Uuid;
use waypost_model::{OnUnknown, Priority, Recipient};
use waypost_queue::Outgoing;

use crate::webhook::{NUMBER, WABA};

/// What a text to somebody looks like to Meta.
pub fn text_to(to: &str, body: &str) -> Value {
    json!({"messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": body}})
}

/// A text to somebody's phone, just accepted. Its sender calls it `order 7`.
pub fn outgoing(to: &str, body: &Value) -> Outgoing {
    Outgoing {
        id: Uuid::now_v7(),
        accepted_at: SystemTime::now(),
        request_id: Uuid::now_v7(),
        traceparent: String::new(),
        phone_number_id: NUMBER.to_owned(),
        account: WABA.to_owned(),
        recipient: Recipient::Phone(to.to_owned()),
        kind: "text".to_owned(),
        priority: Priority::High,
        on_unknown: OnUnknown::Fail,
        send_at: None,
        expires_at: None,
        callback_data: Some("order 7".to_owned()),
        key_name: "shop".to_owned(),
        by_link: false,
        body: Bytes::from(body.to_string()),
    }
}
