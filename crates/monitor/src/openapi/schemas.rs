//! The schemas of messages and enums, each once, by name.

use std::collections::BTreeSet;

use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value, json};
use waypost_rpc::rules::Rule;
use waypost_rpc::schema::METHODS;

use super::comments::Commented;
use super::field;
use crate::gateway::words;

/// Which way a message goes.
///
/// A request is strict: what it does not know is refused, and what may be left out is left out. An answer has every field that
/// has no presence, empty or not, and may get more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Request,
    Answer,
}

/// Requests that have to name at least one of these fields. The services say so; the options of the protos are about one field
/// each.
const AT_LEAST_ONE: [(&str, &[&str]); 2] = [
    ("waypost.v1.ReplayRequest", &["ids", "filter"]),
    ("waypost.v1.PurgeRequest", &["ids", "filter"]),
];

/// The schemas that have been asked for.
#[derive(Debug)]
pub(super) struct Schemas {
    known: Map<String, Value>,
    /// Types that come in answers; such a one in a request too has a name of its own there.
    answered: BTreeSet<String>,
}

impl Schemas {
    pub(super) fn new() -> Self {
        let mut answered = BTreeSet::new();
        for method in METHODS.iter() {
            reach(&method.descriptor.output(), &mut answered);
        }
        Self {
            known: Map::new(),
            answered,
        }
    }

    pub(super) fn into_known(self) -> Map<String, Value> {
        self.known
    }

    /// Adds a schema that no proto has.
    pub(super) fn add(&mut self, name: &str, schema: Value) {
        self.known.insert(name.to_owned(), schema);
    }

    /// A reference to the schema of a message.
    pub(super) fn message(&mut self, descriptor: &MessageDescriptor, side: Side) -> Value {
        let mut name = descriptor.name().to_owned();
        if side == Side::Request && self.answered.contains(descriptor.full_name()) {
            name.push_str("Input");
        }
        if !self.known.contains_key(&name) {
            // Holds the place, for messages that contain themselves.
            self.add(&name, Value::Null);
            let schema = self.object(descriptor, side, |_| true);
            self.add(&name, schema);
        }
        reference(&name)
    }

    /// The schema of a message with those of its fields that `takes` names.
    pub(super) fn object(
        &mut self,
        descriptor: &MessageDescriptor,
        side: Side,
        takes: impl Fn(&FieldDescriptor) -> bool,
    ) -> Value {
        let (mut properties, mut required) = (Map::new(), Vec::new());
        for field in descriptor.fields().filter(takes) {
            let is_required = match side {
                Side::Request => Rule::of(&field).required,
                Side::Answer => !field.supports_presence(),
            };
            if is_required {
                required.push(field.json_name().to_owned());
            }
            let schema = field::schema(&field, side, self);
            properties.insert(field.json_name().to_owned(), schema);
        }
        let mut schema = json!({"type": "object", "properties": properties});
        let comment = descriptor.comment();
        if !comment.is_empty() {
            schema["description"] = comment.into();
        }
        if !required.is_empty() {
            schema["required"] = required.into();
        }
        if side == Side::Request {
            schema["additionalProperties"] = false.into();
            let mut rules = AT_LEAST_ONE.into_iter();
            if let Some((_, names)) = rules.find(|(of, _)| *of == descriptor.full_name()) {
                schema["anyOf"] = names.iter().map(|name| given(descriptor, name)).collect();
            }
        }
        schema
    }

    /// A reference to the schema of an enum: its short words.
    pub(super) fn word(&mut self, descriptor: &EnumDescriptor) -> Value {
        let name = descriptor.name();
        if !self.known.contains_key(name) {
            let words = words(descriptor);
            let values = descriptor.values().zip(&words);
            let told: Vec<String> = values
                .map(|(value, word)| format!("- `{word}`: {}", value.comment()))
                .collect();
            let description = format!("{}\n\n{}", descriptor.comment(), told.join("\n"));
            let schema = json!({"type": "string", "enum": words, "description": description});
            self.add(name, schema);
        }
        reference(name)
    }
}

/// A reference to a schema.
pub(super) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// That a field is given, and a list not empty.
fn given(descriptor: &MessageDescriptor, name: &str) -> Value {
    let field = descriptor.get_field_by_name(name);
    let json_name = field.as_ref().map_or(name, FieldDescriptor::json_name);
    let mut schema = json!({ "required": [json_name] });
    if field.as_ref().is_some_and(FieldDescriptor::is_list) {
        schema["properties"] = json!({ json_name: { "minItems": 1 } });
    }
    schema
}

fn reach(descriptor: &MessageDescriptor, seen: &mut BTreeSet<String>) {
    if !seen.insert(descriptor.full_name().to_owned()) {
        return;
    }
    for field in descriptor.fields() {
        if let Kind::Message(inner) = field.kind() {
            reach(&inner, seen);
        }
    }
}
