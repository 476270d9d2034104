//! One method by one of its ways.

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value, json};
use waypost_rpc::rules::Rule;
use waypost_rpc::schema::{Method, Route};

use super::comments::{Commented, first_sentence};
use super::field;
use super::responses;
use super::schemas::{Schemas, Side};
use crate::gateway::{Rest, TIMESTAMP};

/// The operation. `turn` counts the ways to the method; the first is the usual one.
pub(super) fn operation(
    method: &Method,
    route: &Route,
    turn: usize,
    schemas: &mut Schemas,
) -> Value {
    let rest = Rest::of(&route.verb);
    let input = method.descriptor.input();
    let mut operation = json!({
        "operationId": id(method, turn),
        "tags": [tag(method.descriptor.parent_service().name())],
        "summary": first_sentence(&method.descriptor.comment()),
        "description": description(method, rest, turn),
        "responses": responses::of(method, rest, schemas),
        "x-waypost-method": method.path.trim_start_matches('/'),
    });
    if let Some(role) = method.role {
        operation["x-waypost-role"] = role_word(role).into();
    }
    let mut parameters = Vec::new();
    for field in input.fields().filter(|field| is_in_path(route, field)) {
        parameters.push(parameter(&field, field.name(), "path", schemas));
    }
    if rest != Rest::Body {
        let others = |field: &FieldDescriptor| !is_in_path(route, field);
        add_parameters(&input, "", &others, schemas, &mut parameters);
    }
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    if rest == Rest::Body {
        operation["requestBody"] = body(&input, route, schemas);
    }
    operation
}

/// What operations of a service are filed under.
pub(super) fn tag(service: &str) -> String {
    service
        .strip_suffix("Service")
        .unwrap_or(service)
        .to_owned()
}

fn id(method: &Method, turn: usize) -> String {
    let name = method.name.replace('.', "_");
    match turn {
        0 => name,
        turn => format!("{name}_{}", turn + 1),
    }
}

fn description(method: &Method, rest: Rest, turn: usize) -> String {
    let mut text = method.descriptor.comment();
    if let Some(role) = method.role {
        text.push_str(&format!("\n\nNeeds the role {}.", role_word(role)));
    }
    if rest == Rest::Either {
        text.push_str(" The fields may come in a JSON body instead.");
    }
    if let (Some(usual), true) = (method.routes.first(), turn > 0) {
        let same = format!(" The same as `{} {}`.", usual.verb, usual.path);
        text.push_str(&same);
    }
    text
}

fn role_word(role: waypost_rpc::v1::Role) -> String {
    let name = role.as_str_name().to_ascii_lowercase();
    name.trim_start_matches("role_").to_owned()
}

fn is_in_path(route: &Route, field: &FieldDescriptor) -> bool {
    route.path.contains(&format!("{{{}}}", field.name()))
}

/// Every field is a parameter, those of messages with a dot.
fn add_parameters(
    message: &MessageDescriptor,
    before: &str,
    takes: &dyn Fn(&FieldDescriptor) -> bool,
    schemas: &mut Schemas,
    parameters: &mut Vec<Value>,
) {
    for field in message.fields().filter(|field| takes(field)) {
        let name = format!("{before}{}", field.name());
        match field.kind() {
            Kind::Message(inner) if inner.full_name() != TIMESTAMP => {
                add_parameters(&inner, &format!("{name}."), &|_| true, schemas, parameters);
            }
            _ => parameters.push(parameter(&field, &name, "query", schemas)),
        }
    }
}

fn parameter(field: &FieldDescriptor, name: &str, place: &str, schemas: &mut Schemas) -> Value {
    let mut schema = match field::schema(field, Side::Request, schemas) {
        Value::Object(schema) => schema,
        _ => Map::new(),
    };
    let mut parameter = json!({ "name": name, "in": place });
    if place == "path" || Rule::of(field).required {
        parameter["required"] = true.into();
    }
    if let Some(description) = schema.remove("description") {
        parameter["description"] = description;
    }
    if let Some(examples) = schema.remove("examples") {
        parameter["example"] = examples[0].clone();
    }
    if field.is_list() {
        parameter["style"] = "form".into();
        parameter["explode"] = true.into();
    }
    parameter["schema"] = schema.into();
    parameter
}

fn body(input: &MessageDescriptor, route: &Route, schemas: &mut Schemas) -> Value {
    let others = |field: &FieldDescriptor| !is_in_path(route, field);
    let name = input.name();
    let schema = schemas.object(input, Side::Request, others);
    // Something must be in it when a field is required, or one of several.
    let required = ["required", "anyOf"]
        .iter()
        .any(|rule| schema.get(*rule).is_some());
    schemas.add(name, schema);
    json!({
        "required": required,
        "content": { "application/json": { "schema": super::schemas::reference(name) } }
    })
}
