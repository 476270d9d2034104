//! The JSON of a message: proto3's own mapping, with two differences that people who read it by eye or with `jq` are
//! glad of: numbers of 64 bits are numbers, and an enum's value is its short word (`webhook`, not `QUEUE_WEBHOOK`).
//! Both forms of an enum are understood.

use prost::{Message, Name};
use prost_reflect::{
    DeserializeOptions, DynamicMessage, EnumDescriptor, Kind, MessageDescriptor, ReflectMessage,
    SerializeOptions,
};
use serde_json::Value;

use crate::schema::POOL;

/// JSON that is no message of the type.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct JsonError(String);

impl From<serde_json::Error> for JsonError {
    fn from(error: serde_json::Error) -> Self {
        // The place in our own copy of the text says nothing to whoever wrote it.
        let text = error.to_string();
        Self(match text.split_once(" at line ") {
            Some((what, _)) => what.to_owned(),
            None => text,
        })
    }
}

/// The JSON of a message of the API; `null` for a type that is not one.
pub fn of<M: Message + Name>(message: &M) -> Value {
    let Some(descriptor) = POOL.get_message_by_name(&M::full_name()) else {
        return Value::Null;
    };
    let mut dynamic = DynamicMessage::new(descriptor);
    match dynamic.transcode_from(message) {
        Ok(()) => write(&dynamic).unwrap_or_default(),
        Err(_) => Value::Null,
    }
}

/// The JSON of a message. Fields without a value are left out only where presence is told from absence.
///
/// # Errors
/// When a time in it is none.
pub fn write(message: &DynamicMessage) -> Result<Value, JsonError> {
    let options = SerializeOptions::new()
        .stringify_64_bit_integers(false)
        .skip_default_fields(false);
    let mut value = message.serialize_with_options(serde_json::value::Serializer, &options)?;
    walk(&mut value, &message.descriptor(), &shorten);
    Ok(value)
}

/// Reads a message. Names may be those of the proto or of JSON; unknown ones are refused.
///
/// # Errors
/// When the value does not fit the type.
pub fn read(mut value: Value, descriptor: &MessageDescriptor) -> Result<DynamicMessage, JsonError> {
    walk(&mut value, descriptor, &lengthen);
    let options = DeserializeOptions::new().deny_unknown_fields(true);
    Ok(DynamicMessage::deserialize_with_options(
        descriptor.clone(),
        value,
        &options,
    )?)
}

/// The short word of an enum's value: `QUEUE_WEBHOOK` is `webhook`.
pub fn word(descriptor: &EnumDescriptor, name: &str) -> String {
    let short = name.strip_prefix(&prefix(descriptor)).unwrap_or(name);
    short.to_ascii_lowercase()
}

fn shorten(descriptor: &EnumDescriptor, name: &mut String) {
    *name = word(descriptor, name);
}

/// What is no value of the enum stays as it is, for the error to name.
fn lengthen(descriptor: &EnumDescriptor, name: &mut String) {
    if descriptor.get_value_by_name(name).is_some() {
        return;
    }
    let long = prefix(descriptor) + &name.to_ascii_uppercase();
    if descriptor.get_value_by_name(&long).is_some() {
        *name = long;
    }
}

/// What every value of an enum begins with: `QUEUE_` for `Queue`, `BREAKER_STATE_` for `BreakerState`.
fn prefix(descriptor: &EnumDescriptor) -> String {
    let mut prefix = String::new();
    for letter in descriptor.name().chars() {
        if letter.is_ascii_uppercase() && !prefix.is_empty() {
            prefix.push('_');
        }
        prefix.push(letter.to_ascii_uppercase());
    }
    prefix + "_"
}

/// Goes to every enum's name in the JSON of a message.
fn walk(
    value: &mut Value,
    descriptor: &MessageDescriptor,
    rename: &impl Fn(&EnumDescriptor, &mut String),
) {
    let Value::Object(members) = value else {
        return;
    };
    for (name, member) in members {
        let Some(field) = descriptor
            .get_field_by_json_name(name)
            .or_else(|| descriptor.get_field_by_name(name))
        else {
            continue;
        };
        let kind = field.kind();
        each(member, &mut |element| match (&kind, element) {
            (Kind::Enum(descriptor), Value::String(name)) => rename(descriptor, name),
            (Kind::Message(descriptor), element) => walk(element, descriptor, rename),
            _ => {}
        });
    }
}

fn each(value: &mut Value, then: &mut impl FnMut(&mut Value)) {
    match value {
        Value::Array(elements) => elements.iter_mut().for_each(then),
        other => then(other),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::v1::{ClearRequest, PauseResponse, Queue, QueueStats};

    #[test]
    fn enums_are_short_words_and_large_numbers_are_numbers() {
        let paused = PauseResponse {
            paused: vec![Queue::Webhook.into(), Queue::Message.into()],
            changed: true,
        };
        assert_eq!(
            of(&paused),
            json!({"paused": ["webhook", "message"], "changed": true})
        );
        let stats = of(&QueueStats {
            waiting: 1 << 40,
            ..QueueStats::default()
        });
        assert_eq!(stats["waiting"], json!(1_u64 << 40));
        assert_eq!(stats["failed"], json!(0));
        assert_eq!(stats.get("oldestAgeSeconds"), None);
    }

    #[test]
    fn both_forms_are_read_and_what_is_unknown_is_refused() {
        let descriptor = POOL
            .get_message_by_name(&ClearRequest::full_name())
            .unwrap();
        for text in [
            json!({"queue": "webhook", "phone_number_id": "1"}),
            json!({"queue": "QUEUE_WEBHOOK", "phoneNumberId": "1"}),
        ] {
            let read: ClearRequest = read(text, &descriptor).unwrap().transcode_to().unwrap();
            assert_eq!(read.queue(), Queue::Webhook);
            assert_eq!(read.phone_number_id, "1");
        }
        for bad in [
            json!({"quue": "webhook"}),
            json!({"queue": "web"}),
            json!([]),
        ] {
            assert!(read(bad, &descriptor).is_err());
        }
    }
}
