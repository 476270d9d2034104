//! What can come back.

use http::StatusCode;
use prost_reflect::{Kind as Type, MessageDescriptor};
use serde_json::{Map, Value, json};
use waypost_rpc::schema::Method;

use super::schemas::{Schemas, Side, reference};
use crate::gateway::{Kind, LINES, Rest};

/// The schema of all problems.
const PROBLEM: &str = "Problem";
const PROBLEM_JSON: &str = "application/problem+json";

/// The responses of a method by this way.
pub(super) fn of(method: &Method, rest: Rest, schemas: &mut Schemas) -> Value {
    let mut responses = Map::new();
    responses.insert("200".to_owned(), good(method, schemas));
    for kind in Kind::ALL
        .into_iter()
        .filter(|kind| comes(*kind, method, rest))
    {
        let status = kind.status();
        let plan = plan(&method.descriptor.output());
        let response = match plan {
            Some(plan) if status == StatusCode::CONFLICT => conflict(&plan, schemas),
            _ => json!({ "$ref": format!("#/components/responses/{}", name(status)) }),
        };
        responses.insert(status.as_str().to_owned(), response);
    }
    responses.into()
}

/// One response for each status of a problem.
pub(super) fn shared() -> Value {
    let mut shared = Map::new();
    for kind in Kind::ALL {
        let status = kind.status();
        let titles = Kind::ALL.into_iter().filter(|k| k.status() == status);
        let titles: Vec<&str> = titles.map(Kind::title).collect();
        let response = problem(&titles.join(", or: "), kind, &reference(PROBLEM));
        shared.insert(name(status), response);
    }
    shared.into()
}

/// What all problems have, as RFC 9457 has it, and what some have.
pub(super) fn add_problem(schemas: &mut Schemas) {
    let fault = json!({
        "type": "object",
        "required": ["field", "detail"],
        "properties": {
            "field": {
                "type": "string",
                "description": "Its path by the names of the proto, like `filter.class`; empty for the body as a whole."
            },
            "detail": {"type": "string", "description": "What it must be."}
        }
    });
    let schema = json!({
        "type": "object",
        "description": "Why a request was not served. A problem may have more members: what is to be confirmed, for one.",
        "required": ["type", "title", "status", "detail", "instance", "code", "requestId"],
        "properties": {
            "type": {
                "type": "string",
                "format": "uri",
                "description": "The kind of problem, to compare.",
                "enum": Kind::ALL.map(Kind::uri)
            },
            "title": {"type": "string", "description": "The kind in words."},
            "status": {"type": "integer", "minimum": 400, "maximum": 599, "description": "The status of the answer."},
            "detail": {"type": "string", "description": "What it was this time, in words."},
            "instance": {"type": "string", "format": "uri", "description": "This occurrence: the request as a URN."},
            "code": {
                "type": "string",
                "description": "gRPC's name of the kind, or one in its form for what only HTTP knows.",
                "enum": Kind::ALL.map(Kind::code)
            },
            "requestId": {"type": "string", "format": "uuid", "description": "The request, as in X-Request-Id."},
            "errors": {"type": "array", "description": "What is wrong with fields of the request.", "items": fault},
            "reason": {"type": "string", "description": "The reason in a word, to compare, like `ROLE_TOO_LOW`."},
            "metadata": {
                "type": "object",
                "description": "What the reason is about.",
                "additionalProperties": {"type": "string"}
            }
        }
    });
    schemas.add(PROBLEM, schema);
}

fn comes(kind: Kind, method: &Method, rest: Rest) -> bool {
    match kind {
        Kind::RequestTimeout | Kind::PayloadTooLarge | Kind::UnsupportedMediaType => {
            rest != Rest::Query
        }
        Kind::AlreadyExists | Kind::FailedPrecondition | Kind::Aborted => method.changes,
        // Whoever reads this document knows the methods, and all of them are implemented.
        Kind::MethodNotAllowed | Kind::Unimplemented => false,
        _ => true,
    }
}

fn good(method: &Method, schemas: &mut Schemas) -> Value {
    let schema = schemas.message(&method.descriptor.output(), Side::Answer);
    let mut content = json!({ "application/json": { "schema": schema } });
    let mut description = "Done.";
    if method.is_stream() {
        description = "The first answer; or, for callers that accept lines, all of them, each a line. When the stream breaks, \
                       the last line is an object with the one member `problem`.";
        let broken = json!({
            "type": "object",
            "required": ["problem"],
            "properties": { "problem": reference(PROBLEM) }
        });
        content[LINES] = json!({ "schema": { "anyOf": [schema, broken] } });
    }
    let mut headers = headers();
    headers["X-Waypost-Role"] = json!({
        "description": "The role of the token.",
        "schema": {"type": "string", "enum": ["viewer", "operator", "admin"]}
    });
    json!({ "description": description, "headers": headers, "content": content })
}

/// The plan that an answer may have stands in the problem too, when the call was not confirmed.
fn plan(answer: &MessageDescriptor) -> Option<MessageDescriptor> {
    match answer.get_field_by_name("plan")?.kind() {
        Type::Message(plan) => Some(plan),
        _ => None,
    }
}

fn conflict(plan: &MessageDescriptor, schemas: &mut Schemas) -> Value {
    let planned = json!({ "allOf": [reference(PROBLEM), schemas.message(plan, Side::Answer)] });
    let schema = json!({ "anyOf": [planned, reference(PROBLEM)] });
    let description = "Not as things stand. When it is to be confirmed first, the problem has the members of the plan, \
                       with the token that confirms it.";
    problem(description, Kind::FailedPrecondition, &schema)
}

fn problem(description: &str, kind: Kind, schema: &Value) -> Value {
    let mut headers = headers();
    if kind.waits() {
        headers["Retry-After"] = json!({
            "description": "In how many seconds to try again.",
            "required": true,
            "schema": {"type": "integer", "minimum": 1}
        });
    }
    if kind == Kind::Unauthenticated {
        headers["WWW-Authenticate"] = json!({
            "description": "Bearer, as RFC 6750 has it.",
            "required": true,
            "schema": {"type": "string"}
        });
    }
    if kind == Kind::MethodNotAllowed {
        headers["Allow"] = json!({
            "description": "The methods that there are.",
            "required": true,
            "schema": {"type": "string"}
        });
    }
    json!({
        "description": description,
        "headers": headers,
        "content": { PROBLEM_JSON: { "schema": schema } }
    })
}

fn headers() -> Value {
    json!({
        "X-Request-Id": {
            "description": "The request, as logs and the audit name it.",
            "required": true,
            "schema": {"type": "string", "format": "uuid"}
        }
    })
}

/// What a response is called among the shared ones: `NotFound`.
fn name(status: StatusCode) -> String {
    let reason = status.canonical_reason().unwrap_or(status.as_str());
    reason.replace(' ', "")
}
