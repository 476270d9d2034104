//! What the protos say of each field of a request, and the check of a request against it.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use prost::{Message, Name};
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, ReflectMessage, Value};
use regex_lite::Regex;

use crate::schema::{POOL, extension};

/// What a field may hold; see `FieldRule` in `options.proto`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rule {
    /// Must be there and not empty.
    pub required: bool,
    /// A regular expression for the whole text.
    pub pattern: Option<String>,
    /// Most characters of a text, most elements of a list.
    pub max_length: Option<u32>,
    /// Least number.
    pub minimum: Option<f64>,
    /// Greatest number.
    pub maximum: Option<f64>,
    /// A format of JSON Schema.
    pub format: Option<String>,
    /// What it may look like.
    pub example: Option<String>,
}

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Its path in the request, by the names of the proto, like `filter.class`.
    pub field: String,
    /// What it must be.
    pub description: String,
}

impl Rule {
    /// What the proto says of a field.
    pub fn of(field: &FieldDescriptor) -> Self {
        let Some(rule) = extension(&field.options(), "waypost.v1.field") else {
            return Self::default();
        };
        let value = |name: &str| rule.get_field_by_name(name).map(|v| v.into_owned());
        let text = |name| {
            value(name)?
                .as_str()
                .filter(|t| !t.is_empty())
                .map(str::to_owned)
        };
        let given = |name: &str| {
            let field = rule.descriptor().get_field_by_name(name)?;
            rule.has_field(&field)
                .then(|| value(name)?.as_f64())
                .flatten()
        };
        Self {
            required: value("required").and_then(|v| v.as_bool()).unwrap_or(false),
            pattern: text("pattern"),
            max_length: value("max_length")
                .and_then(|v| v.as_u32())
                .filter(|n| *n > 0),
            minimum: given("minimum"),
            maximum: given("maximum"),
            format: text("format"),
            example: text("example"),
        }
    }
}

/// Checks a request of a known type.
pub fn check<M: Message + Name>(request: &M) -> Vec<Violation> {
    let Some(descriptor) = POOL.get_message_by_name(&M::full_name()) else {
        return Vec::new();
    };
    let mut dynamic = DynamicMessage::new(descriptor);
    match dynamic.transcode_from(request) {
        Ok(()) => check_dynamic(&dynamic),
        Err(_) => Vec::new(),
    }
}

/// Checks a request: every field, and those of the messages in it.
pub fn check_dynamic(request: &DynamicMessage) -> Vec<Violation> {
    let mut violations = Vec::new();
    check_message("", request, &mut violations);
    violations
}

fn check_message(path: &str, message: &DynamicMessage, violations: &mut Vec<Violation>) {
    for field in message.descriptor().fields() {
        let rule = Rule::of(&field);
        let name = match path {
            "" => field.name().to_owned(),
            path => format!("{path}.{}", field.name()),
        };
        let mut wrong = |description: String| {
            violations.push(Violation {
                field: name.clone(),
                description,
            });
        };
        // With presence, has_field is presence; without, it is not being empty or zero.
        if !message.has_field(&field) {
            if rule.required {
                wrong("is required".to_owned());
            }
            continue;
        }
        match message.get_field(&field).as_ref() {
            Value::List(elements) => {
                if rule
                    .max_length
                    .is_some_and(|most| elements.len() > most as usize)
                {
                    wrong(format!(
                        "must have at most {} elements",
                        rule.max_length.unwrap_or(0)
                    ));
                }
                for element in elements {
                    let whole = Rule {
                        max_length: None,
                        ..rule.clone()
                    };
                    check_value(element, &whole, &field, &mut wrong);
                }
            }
            Value::Message(inner) if !inner.descriptor().full_name().starts_with("google.") => {
                check_message(&name, inner, violations);
            }
            value => check_value(value, &rule, &field, &mut wrong),
        }
    }
}

fn check_value(
    value: &Value,
    rule: &Rule,
    field: &FieldDescriptor,
    wrong: &mut impl FnMut(String),
) {
    match value {
        Value::String(text) => check_text(text, rule, wrong),
        Value::EnumNumber(number) => {
            if let Kind::Enum(descriptor) = field.kind()
                && descriptor.get_value(*number).is_none()
            {
                wrong(format!("has no value {number}"));
            }
        }
        Value::Message(time) if time.descriptor().full_name() == "google.protobuf.Timestamp" => {
            if !is_time(time) {
                wrong("must be a time between the years 1970 and 9999".to_owned());
            }
        }
        other => check_number(other, rule, wrong),
    }
}

fn check_text(text: &str, rule: &Rule, wrong: &mut impl FnMut(String)) {
    if let Some(most) = rule.max_length
        && text.chars().count() > most as usize
    {
        wrong(format!("must have at most {most} characters"));
    }
    if let Some(pattern) = &rule.pattern
        && !matches(pattern, text)
    {
        wrong(format!("must match {pattern}"));
    }
    if rule.format.as_deref() == Some("uuid") && uuid::Uuid::try_parse(text).is_err() {
        wrong("must be a UUID".to_owned());
    }
    // Postgres takes no NUL in a text, and nobody means one.
    if text.contains('\0') {
        wrong("must not contain NUL".to_owned());
    }
}

fn check_number(value: &Value, rule: &Rule, wrong: &mut impl FnMut(String)) {
    let number = match value {
        Value::F64(number) => *number,
        Value::F32(number) => f64::from(*number),
        Value::U32(number) => f64::from(*number),
        Value::I32(number) => f64::from(*number),
        _ => return,
    };
    if !number.is_finite() {
        return wrong("must be a number".to_owned());
    }
    if let Some(least) = rule.minimum
        && number < least
    {
        wrong(format!("must be at least {least}"));
    }
    if let Some(most) = rule.maximum
        && number > most
    {
        wrong(format!("must be at most {most}"));
    }
}

/// Years that every part of the system can hold.
fn is_time(time: &DynamicMessage) -> bool {
    let part = |name: &str| time.get_field_by_name(name).map(|v| v.into_owned());
    let seconds = part("seconds").and_then(|v| v.as_i64()).unwrap_or(-1);
    let nanos = part("nanos").and_then(|v| v.as_i32()).unwrap_or(-1);
    (0..=253_402_300_799).contains(&seconds) && (0..1_000_000_000).contains(&nanos)
}

/// Whether the whole text matches. Patterns come from the protos, so there are few, and each is compiled once.
fn matches(pattern: &str, text: &str) -> bool {
    static COMPILED: LazyLock<Mutex<HashMap<String, Option<Regex>>>> =
        LazyLock::new(Mutex::default);
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    let regex = compiled
        .entry(pattern.to_owned())
        .or_insert_with(|| Regex::new(&format!("^(?:{pattern})$")).ok());
    // One that does not compile lets nothing pass; the test below sees to it that there is none.
    regex.as_ref().is_some_and(|regex| regex.is_match(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v1::{
        ClearRequest, DeadLetterFilter, MessageServiceGetRequest, ReplayRequest, SetLimitRequest,
    };

    fn fields(violations: &[Violation]) -> Vec<&str> {
        violations.iter().map(|v| v.field.as_str()).collect()
    }

    #[test]
    fn what_is_missing_or_wrong_is_named_by_its_path() {
        assert_eq!(fields(&check(&MessageServiceGetRequest::default())), ["id"]);
        let clear = ClearRequest {
            queue: 77,
            phone_number_id: "abc".to_owned(),
            ..ClearRequest::default()
        };
        assert_eq!(fields(&check(&clear)), ["queue", "phone_number_id"]);
        let replay = ReplayRequest {
            ids: vec!["x".to_owned()],
            filter: Some(DeadLetterFilter {
                class: "NO".to_owned(),
                ..DeadLetterFilter::default()
            }),
            rate_per_second: f64::NAN,
            ..ReplayRequest::default()
        };
        assert_eq!(
            fields(&check(&replay)),
            ["ids", "filter.class", "rate_per_second"]
        );
    }

    #[test]
    fn what_is_right_passes() {
        assert!(check(&ClearRequest::default()).is_empty());
        let limit = SetLimitRequest {
            phone_number_id: "106540352242922".to_owned(),
            limit_per_second: Some(80.0),
        };
        assert!(check(&limit).is_empty());
    }

    #[test]
    fn every_pattern_compiles_and_takes_its_example() {
        let fields = POOL
            .all_messages()
            .flat_map(|m| m.fields().collect::<Vec<_>>());
        let mut seen = 0;
        for field in fields {
            let rule = Rule::of(&field);
            let Some(pattern) = &rule.pattern else {
                continue;
            };
            seen += 1;
            assert!(Regex::new(pattern).is_ok(), "{pattern}");
            if let Some(example) = &rule.example {
                assert!(
                    matches(pattern, example),
                    "{}: {example}",
                    field.full_name()
                );
            }
        }
        assert!(seen > 10);
    }
}
