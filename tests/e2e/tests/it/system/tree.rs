//! Spans as text, to compare whole traces at a glance.

use uuid::Uuid;
use waypost_harness::otlp::Span;

/// A whole trace, each span below its parent: name, service, kind, attempt, whether it is an error, and the names of the spans
/// that it is linked to. Siblings stand in the order of their texts.
///
/// What stands below nothing that has come is at the left, and says where it should be.
pub(crate) fn tree(spans: &[Span], trace: &str) -> String {
    let own: Vec<&Span> = spans.iter().filter(|span| span.trace == trace).collect();
    let is_root = |span: &&&Span| !own.iter().any(|other| other.id == span.parent);
    let mut roots: Vec<String> = Vec::new();
    for span in own.iter().filter(is_root) {
        let above = match &*span.parent {
            "" => String::new(),
            parent => format!("below {parent}: "),
        };
        roots.push(above + &node(spans, &own, span, 0));
    }
    roots.sort();
    roots.concat()
}

fn node(all: &[Span], own: &[&Span], span: &Span, depth: usize) -> String {
    let service = span.service.trim_start_matches("waypost-");
    let mut line = format!("{} [{service} {}]", span.name, span.kind);
    if let Some(attempt) = span.attributes.get("waypost.attempt") {
        line += &format!(" #{attempt}");
    }
    if span.error.is_some() {
        line += " error";
    }
    let links = span.links.iter().map(|link| {
        let found = all.iter().find(|span| link.leads_to(span));
        found.map_or("nothing", |span| &*span.name)
    });
    let mut links: Vec<&str> = links.collect();
    links.sort_unstable();
    if !links.is_empty() {
        line += &format!(" -> {}", links.join(", "));
    }
    let below = own.iter().filter(|other| other.parent == span.id);
    let below = below.map(|other| node(all, own, other, depth + 1));
    let mut below: Vec<String> = below.collect();
    below.sort();
    format!("{}{line}\n{}", "  ".repeat(depth), below.concat())
}

/// The trace of a webhook or a message, by its id.
pub(crate) fn trace_of(id: Uuid) -> String {
    id.simple().to_string()
}
