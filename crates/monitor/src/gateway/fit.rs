//! Whether JSON fits a message, strictly, and every fault with its field.
//!
//! proto3's own mapping is lenient: numbers may be texts, an enum may be a number, `null` is left out silently. Here a value is
//! what the OpenAPI document says or it is refused, so that a slip never turns into a wider request than was meant: what a
//! caller has emptied by mistake (`?phone_number_id=`) would otherwise be no restriction at all. What a value may hold beyond its
//! type is the services' to check; only what is lost on the way to them is checked here.

use prost_reflect::{DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Number, Value};
use waypost_rpc::json::word;
use waypost_rpc::rules::Rule;

use super::problem::Fault;

/// The type of times.
pub(crate) const TIMESTAMP: &str = "google.protobuf.Timestamp";

const NULL: &str = "must not be null: leave it out";
const EMPTY: &str = "must not be empty: leave it out";
const TWICE: &str = "is given more than once";
pub(super) const UNKNOWN: &str = "is not known";

/// The members of an object by the names of the proto; what does not fit is told in `faults`.
pub(super) fn object(
    value: Value,
    descriptor: &MessageDescriptor,
    path: &str,
    faults: &mut Vec<Fault>,
) -> Map<String, Value> {
    let mut known = Map::new();
    let Value::Object(members) = value else {
        let detail = match path {
            "" => "The body must be an object",
            _ => "must be an object",
        };
        faults.push(Fault::new(path, detail));
        return known;
    };
    for (name, member) in members {
        let Some(field) = field(descriptor, &name) else {
            faults.push(Fault::new(join(path, &name), UNKNOWN));
            continue;
        };
        let at = join(path, field.name());
        if known.contains_key(field.name()) {
            faults.push(Fault::new(at, TWICE));
            continue;
        }
        let member = element(member, &field, &at, faults);
        known.insert(field.name().to_owned(), member);
    }
    known
}

/// A field by either of its names.
pub(super) fn field(descriptor: &MessageDescriptor, name: &str) -> Option<FieldDescriptor> {
    descriptor
        .get_field_by_name(name)
        .or_else(|| descriptor.get_field_by_json_name(name))
}

/// The path of a field in a message that has a path itself.
pub(super) fn join(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    }
}

/// The words of an enum.
pub(crate) fn words(descriptor: &EnumDescriptor) -> Vec<String> {
    let values = descriptor.values();
    values.map(|value| word(descriptor, value.name())).collect()
}

fn element(value: Value, field: &FieldDescriptor, path: &str, faults: &mut Vec<Fault>) -> Value {
    match value {
        Value::Null => {
            faults.push(Fault::new(path, NULL));
            Value::Null
        }
        Value::Array(elements) if field.is_list() => {
            let each = elements.into_iter();
            each.map(|element| single(element, field, path, faults))
                .collect()
        }
        other if field.is_list() => {
            faults.push(Fault::new(path, "must be a list"));
            other
        }
        other => single(other, field, path, faults),
    }
}

fn single(value: Value, field: &FieldDescriptor, path: &str, faults: &mut Vec<Fault>) -> Value {
    if let Kind::Message(inner) = field.kind()
        && !inner.full_name().starts_with("google.")
    {
        return Value::Object(object(value, &inner, path, faults));
    }
    if let Some(fault) = fault(&value, field) {
        faults.push(Fault::new(path, fault));
    }
    value
}

/// What is wrong with one value.
fn fault(value: &Value, field: &FieldDescriptor) -> Option<String> {
    let (fits, wanted) = match field.kind() {
        Kind::Bool => (value.is_boolean(), "must be true or false"),
        Kind::String | Kind::Bytes => return text_fault(value, field),
        Kind::Double | Kind::Float => (is_number(value), "must be a number"),
        Kind::Enum(descriptor) => return enum_fault(value, &descriptor),
        Kind::Message(inner) if inner.full_name() == TIMESTAMP => (
            is_time(value, inner),
            "must be a time as RFC 3339 has it, like 2026-01-31T08:00:00Z",
        ),
        Kind::Message(_) => (value.is_object(), "must be an object"),
        whole => {
            let (least, most) = range(&whole);
            let fits = is_whole(value, least, most);
            let wanted = format!("must be a whole number from {least} to {most}");
            return (!fits).then_some(wanted);
        }
    };
    (!fits).then(|| wanted.to_owned())
}

/// An empty text is the same as none to the services; where it would not be a value, it must not become one.
fn text_fault(value: &Value, field: &FieldDescriptor) -> Option<String> {
    let Some(text) = value.as_str() else {
        return Some("must be a text".to_owned());
    };
    let rule = Rule::of(field);
    let has_form = rule.pattern.is_some() || rule.format.is_some();
    (text.is_empty() && has_form && !rule.required).then(|| EMPTY.to_owned())
}

fn enum_fault(value: &Value, descriptor: &EnumDescriptor) -> Option<String> {
    let words = words(descriptor);
    let fits = value.as_str().is_some_and(|text| {
        words.iter().any(|word| word == text) || descriptor.get_value_by_name(text).is_some()
    });
    (!fits).then(|| format!("must be one of {}", words.join(", ")))
}

fn is_number(value: &Value) -> bool {
    value.as_f64().is_some_and(f64::is_finite)
}

/// What a whole number of a kind may be.
pub(crate) fn range(kind: &Kind) -> (i128, i128) {
    match kind {
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => (i32::MIN.into(), i32::MAX.into()),
        Kind::Uint32 | Kind::Fixed32 => (0, u32::MAX.into()),
        Kind::Uint64 | Kind::Fixed64 => (0, u64::MAX.into()),
        _ => (i64::MIN.into(), i64::MAX.into()),
    }
}

/// 5, 5.0 and 5e0 are the same number in JSON.
fn is_whole(value: &Value, least: i128, most: i128) -> bool {
    value
        .as_number()
        .and_then(whole)
        .is_some_and(|number| (least..=most).contains(&number))
}

fn whole(number: &Number) -> Option<i128> {
    if let Some(exact) = number.as_i64() {
        return Some(exact.into());
    }
    if let Some(exact) = number.as_u64() {
        return Some(exact.into());
    }
    // Beyond 2^63 a float no longer says which whole number it is.
    let float = number.as_f64().filter(|float| float.fract() == 0.0)?;
    #[expect(clippy::cast_possible_truncation, reason = "it is whole and in range")]
    (float.abs() < 9.2e18).then_some(float as i128)
}

fn is_time(value: &Value, descriptor: MessageDescriptor) -> bool {
    value.is_string() && DynamicMessage::deserialize(descriptor, value.clone()).is_ok()
}
