//! Spans as text, to compare whole traces at a glance.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use std::collections::BTreeMap;
use uuid::Uuid;

/// An id as W3C writes it.
pub(crate) fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Its attributes as text.
pub(crate) fn attributes(span: &Span) -> BTreeMap<&str, String> {
    let text = |value: &Value| match value {
        Value::StringValue(text) => text.clone(),
        Value::BoolValue(value) => value.to_string(),
        Value::IntValue(value) => value.to_string(),
        Value::DoubleValue(value) => value.to_string(),
        other => panic!("an attribute of another kind: {other:?}"),
    };
    let attributes = span.attributes.iter();
    let attributes = attributes.map(|attribute| {
        let value = attribute
            .value
            .as_ref()
            .and_then(|value| value.value.as_ref());
        (&*attribute.key, value.map(text).unwrap_or_default())
    });
    attributes.collect()
}

/// Whether it failed.
pub(crate) fn is_error(span: &Span) -> bool {
    let status = span.status.as_ref();
    status.is_some_and(|status| status.code() == StatusCode::Error)
}

/// On which side it is.
pub(crate) fn kind(span: &Span) -> String {
    let name = span.kind().as_str_name();
    name.trim_start_matches("SPAN_KIND_").to_lowercase()
}

/// A whole trace, each span below its parent: name, service, kind, attempt, whether it is an error, and the names of the spans
/// that it is linked to. Siblings stand in the order of their texts.
///
/// What stands below nothing that has come is at the left, and says where it should be.
pub(crate) fn tree(spans: &[(String, Span)], trace: &str) -> String {
    let own: Vec<_> = spans
        .iter()
        .filter(|(_, span)| hex(&span.trace_id) == trace)
        .collect();
    let is_root = |span: &Span| {
        !own.iter()
            .any(|(_, other)| other.span_id == span.parent_span_id)
    };
    let mut roots: Vec<String> = Vec::new();
    for (service, span) in own.iter().filter(|(_, span)| is_root(span)) {
        let above = match &*span.parent_span_id {
            [] => String::new(),
            parent => format!("below {}: ", hex(parent)),
        };
        roots.push(above + &node(spans, &own, service, span, 0));
    }
    roots.sort();
    roots.concat()
}

fn node(
    all: &[(String, Span)],
    own: &[&(String, Span)],
    service: &str,
    span: &Span,
    depth: usize,
) -> String {
    let service = service.trim_start_matches("waypost-");
    let mut line = format!("{} [{service} {}]", span.name, kind(span));
    if let Some(attempt) = attributes(span).get("waypost.attempt") {
        line += &format!(" #{attempt}");
    }
    if is_error(span) {
        line += " error";
    }
    let mut links: Vec<&str> = span
        .links
        .iter()
        .map(|link| {
            let mut found = all
                .iter()
                .filter(|(_, span)| span.trace_id == link.trace_id && span.span_id == link.span_id);
            found.next().map_or("nothing", |(_, span)| &*span.name)
        })
        .collect();
    links.sort_unstable();
    if !links.is_empty() {
        line += &format!(" -> {}", links.join(", "));
    }
    let mut text = format!("{}{line}\n", "  ".repeat(depth));
    let below = own
        .iter()
        .filter(|(_, other)| other.parent_span_id == span.span_id);
    let mut below: Vec<String> = below
        .map(|(service, span)| node(all, own, service, span, depth + 1))
        .collect();
    below.sort();
    text += &below.concat();
    text
}

/// The trace of a webhook or a message, by its id.
pub(crate) fn trace_of(id: Uuid) -> String {
    id.simple().to_string()
}
