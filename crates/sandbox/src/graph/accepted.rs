//! The answer to a message that was accepted.

use std::fmt::Write;

use super::log::AcceptedMessage;
use super::request::SendRequest;

/// `wa_id` for phones and groups, `user_id` for user ids; templates have a `message_status`.
pub(super) fn accepted_body(request: &SendRequest<'_>, message: &AcceptedMessage) -> String {
    let mut body = String::with_capacity(256);
    let input = serde_json::Value::from(message.to.as_str());
    let _ = write!(
        body,
        r#"{{"messaging_product":"whatsapp","contacts":[{{"input":{input}"#
    );
    let _ = match request.to {
        Some(_) => {
            let wa_id = serde_json::Value::from(digits_or_all(&message.to));
            write!(body, r#","wa_id":{wa_id}"#)
        }
        None => write!(body, r#","user_id":{input}"#),
    };
    let _ = write!(body, r#"}}],"messages":[{{"id":"{}""#, message.wamid);
    if message.kind == "template" {
        body.push_str(r#","message_status":"accepted""#);
    }
    body.push_str("}]}");
    body
}

/// The digits of a phone number, however it was written; ids of groups and users as they are.
pub(super) fn digits_or_all(to: &str) -> String {
    let letters = to.bytes().any(|byte| byte.is_ascii_alphabetic());
    let digits: String = to.chars().filter(char::is_ascii_digit).collect();
    match letters || digits.is_empty() {
        true => to.to_owned(),
        false => digits,
    }
}
