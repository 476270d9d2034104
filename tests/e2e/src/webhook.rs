//! Small webhooks by hand.

use bytes::Bytes;
use serde_json::{Value, json};

/// The business account.
pub const WABA: &str = "100000000000001";

/// The business number.
pub const NUMBER: &str = "200000000000001";

/// The business number as people see it.
pub const DISPLAY: &str = "15550000001";

/// A moment for messages to be sent at, seconds since 1970.
pub const NOON: u64 = 1_795_500_000;

/// A body with these changes.
pub fn webhook(changes: &[Value]) -> Bytes {
    let entry = json!({"id": WABA, "time": NOON, "changes": changes});
    let body = json!({"object": "whatsapp_business_account", "entry": [entry]});
    Bytes::from(body.to_string())
}

/// A change of any field.
pub fn change(field: &str, mut value: Value) -> Value {
    if let Some(value) = value.as_object_mut() {
        value.insert("messaging_product".to_owned(), json!("whatsapp"));
        let metadata = json!({"display_phone_number": DISPLAY, "phone_number_id": NUMBER});
        value.insert("metadata".to_owned(), metadata);
    }
    json!({"field": field, "value": value})
}

/// A body with these live messages.
pub fn messages(items: &[Value]) -> Bytes {
    webhook(&[change("messages", json!({"messages": items}))])
}

/// A body with these statuses.
pub fn statuses(items: &[Value]) -> Bytes {
    webhook(&[change("messages", json!({"statuses": items}))])
}

/// A body with these messages that the business sent from its phone.
pub fn echoes(items: &[Value]) -> Bytes {
    webhook(&[change(
        "smb_message_echoes",
        json!({"message_echoes": items}),
    )])
}

/// A text of a customer who is known by phone number, user id, both or (as for a message from nowhere) neither.
pub fn text(
    wamid: &str,
    phone: Option<&str>,
    user_id: Option<&str>,
    sent: u64,
    body: &str,
) -> Value {
    let mut item = json!({
        "id": wamid, "timestamp": sent.to_string(), "type": "text", "text": {"body": body},
    });
    if let Some(phone) = phone {
        item["from"] = json!(phone);
    }
    if let Some(user_id) = user_id {
        item["from_user_id"] = json!(user_id);
    }
    item
}

/// A text that the business sent from its phone.
pub fn echo(wamid: &str, to: &str, sent: u64) -> Value {
    json!({
        "id": wamid, "from": DISPLAY, "to": to, "timestamp": sent.to_string(), "type": "text",
        "text": {"body": format!("sent as {wamid}")},
    })
}

/// A status of a message that was sent to `to`.
pub fn status(wamid: &str, word: &str, at: u64, to: &str) -> Value {
    json!({"id": wamid, "status": word, "timestamp": at.to_string(), "recipient_id": to})
}
