//! The schema of one field: its type, and what its rule says.

use prost_reflect::{FieldDescriptor, Kind};
use serde_json::{Map, Number, Value, json};
use waypost_rpc::rules::Rule;

use super::comments::Commented;
use super::schemas::{Schemas, Side};
use crate::gateway::{TIMESTAMP, range, words};

/// Every time between the years that the rules let pass. Those of 9999 may be of the next year elsewhere.
const YEARS: &str = "^(19[7-9][0-9]|[2-8][0-9]{3}|9[0-8][0-9]{2}|99[0-8][0-9]|999[0-8])-";
/// Any text but one with NUL in it, which Postgres does not take.
const NO_NUL: &str = "^[^\\u0000]*$";

/// The schema of a field with its description.
pub(super) fn schema(field: &FieldDescriptor, side: Side, schemas: &mut Schemas) -> Value {
    let rule = match side {
        Side::Request => Rule::of(field),
        Side::Answer => Rule::default(),
    };
    let mut schema = match field.is_list() {
        false => single(field, &rule, side, schemas),
        true => {
            let most = rule.max_length;
            let each = Rule {
                max_length: None,
                ..rule
            };
            let mut list = Map::new();
            list.insert("type".to_owned(), "array".into());
            let items = single(field, &each, side, schemas);
            list.insert("items".to_owned(), items.into());
            if let Some(most) = most {
                list.insert("maxItems".to_owned(), most.into());
            }
            list
        }
    };
    let comment = field.comment();
    if !comment.is_empty() {
        schema.insert("description".to_owned(), comment.into());
    }
    schema.into()
}

fn single(
    field: &FieldDescriptor,
    rule: &Rule,
    side: Side,
    schemas: &mut Schemas,
) -> Map<String, Value> {
    let mut schema = match field.kind() {
        Kind::Bool => json!({"type": "boolean"}),
        Kind::String | Kind::Bytes => text(rule, side),
        Kind::Double | Kind::Float => number(rule),
        Kind::Enum(descriptor) if rule.required => {
            let words = words(&descriptor);
            // The first one stands for none.
            json!({"type": "string", "enum": words.get(1..).unwrap_or_default()})
        }
        Kind::Enum(descriptor) => schemas.word(&descriptor),
        Kind::Message(inner) => match (inner.full_name(), side) {
            (TIMESTAMP, Side::Request) => {
                json!({"type": "string", "format": "date-time", "pattern": YEARS})
            }
            (TIMESTAMP, Side::Answer) => json!({"type": "string", "format": "date-time"}),
            (name, _) if name.starts_with("google.") => json!({"type": "object"}),
            _ => schemas.message(&inner, side),
        },
        kind => whole(&kind, rule, side),
    };
    if let Some(example) = &rule.example {
        schema["examples"] = json!([example_of(field, example)]);
    }
    match schema {
        Value::Object(schema) => schema,
        _ => Map::new(),
    }
}

fn text(rule: &Rule, side: Side) -> Value {
    let mut schema = json!({"type": "string"});
    if let Some(format) = &rule.format {
        schema["format"] = format.as_str().into();
    } else if let Some(pattern) = &rule.pattern {
        schema["pattern"] = format!("^(?:{pattern})$").into();
    } else if side == Side::Request {
        schema["pattern"] = NO_NUL.into();
    }
    if rule.required && rule.pattern.is_none() && rule.format.is_none() {
        schema["minLength"] = 1.into();
    }
    if let Some(most) = rule.max_length {
        schema["maxLength"] = most.into();
    }
    schema
}

fn number(rule: &Rule) -> Value {
    let mut schema = json!({"type": "number", "format": "double"});
    bound(&mut schema, "minimum", rule.minimum);
    bound(&mut schema, "maximum", rule.maximum);
    schema
}

fn whole(kind: &Kind, rule: &Rule, side: Side) -> Value {
    let format = match kind {
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => "int32",
        Kind::Uint32 | Kind::Fixed32 => "uint32",
        Kind::Uint64 | Kind::Fixed64 => "uint64",
        _ => "int64",
    };
    let mut schema = json!({"type": "integer", "format": format});
    let (least, most) = range(kind);
    let edge = |edge: i128| Number::from_i128(edge).map_or(Value::Null, Value::Number);
    if side == Side::Request || least == 0 {
        schema["minimum"] = edge(least);
    }
    if side == Side::Request {
        schema["maximum"] = edge(most);
    }
    bound(&mut schema, "minimum", rule.minimum);
    bound(&mut schema, "maximum", rule.maximum);
    schema
}

/// Sets a bound, as a whole number where it is one.
fn bound(schema: &mut Value, name: &str, bound: Option<f64>) {
    let Some(bound) = bound else {
        return;
    };
    let text = bound.to_string();
    schema[name] = serde_json::from_str(&text).unwrap_or_default();
}

/// An example as JSON of the field's type.
fn example_of(field: &FieldDescriptor, example: &str) -> Value {
    let parsed = match field.kind() {
        Kind::String | Kind::Bytes | Kind::Enum(_) | Kind::Message(_) => None,
        _ => serde_json::from_str(example).ok(),
    };
    parsed.unwrap_or_else(|| example.into())
}
