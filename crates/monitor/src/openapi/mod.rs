//! The OpenAPI document, made from what the protos say, so that it cannot say anything else.
//!
//! In reading order: `operation`, each method by each of its ways, with its `responses`; `schemas` of messages, `field` by field,
//! with what the rules say; `comments`, which become descriptions. docs/openapi.json is a copy for people and for tools that
//! compare; `make docs-api` writes it.

mod comments;
mod field;
mod operation;
mod responses;
mod schemas;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};
use waypost_rpc::schema::METHODS;

use self::comments::Commented;
use self::schemas::Schemas;

const DESCRIPTION: &str = "The HTTP side of Waypost's admin plane: the same methods that gRPC has, through the same code.\n\n\
    Names: parameters and `errors` have the names of the protos (`phone_number_id`), JSON has them in its own way \
    (`phoneNumberId`); both forms are understood everywhere. Enums are short words. Times are those of RFC 3339, numbers of 64 \
    bits are numbers. A field that was left out is not the same as an empty one: what is unknown, empty by mistake or of another \
    type is refused, and the answer names it.\n\n\
    Pages: ask again with `page_token` set to the `nextPageToken` of the page before, until that is empty.";

/// The document, in version 3.1.
pub fn openapi() -> Value {
    let mut schemas = Schemas::new();
    responses::add_problem(&mut schemas);
    let paths = paths(&mut schemas);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Waypost",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Queues, numbers, messages and dead letters of a WhatsApp gateway.",
            "description": DESCRIPTION,
            "license": { "name": "Apache 2.0", "identifier": "Apache-2.0" }
        },
        "servers": [{ "url": "/" }],
        "security": [{ "bearer": [] }],
        "tags": tags(),
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token, as `waypost key new` makes them. Its role is viewer, operator or admin."
                }
            },
            "responses": responses::shared(),
            "schemas": schemas.into_known()
        }
    })
}

fn paths(schemas: &mut Schemas) -> Map<String, Value> {
    let mut paths = Map::new();
    for method in METHODS.iter() {
        for (turn, route) in method.routes.iter().enumerate() {
            let operation = operation::operation(method, route, turn, schemas);
            let path = paths.entry(&route.path).or_insert_with(|| json!({}));
            path[route.verb.to_ascii_lowercase()] = operation;
        }
    }
    paths
}

/// The services, in the order of their methods.
fn tags() -> Vec<Value> {
    let mut tags: Vec<Value> = Vec::new();
    for method in METHODS.iter() {
        let service = method.descriptor.parent_service();
        let tag = json!({
            "name": operation::tag(service.name()),
            "description": service.comment()
        });
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    tags
}
