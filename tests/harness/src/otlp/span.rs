use std::collections::BTreeMap;

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span as Sent;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;

/// Attributes as text, by their names.
pub type Attributes = BTreeMap<String, String>;

/// A span that has come. Ids are in hex, as W3C writes them.
#[derive(Clone, Debug)]
pub struct Span {
    /// The name of the service that sent it.
    pub service: String,
    /// Its own name.
    pub name: String,
    /// The trace that it is in.
    pub trace: String,
    /// Its own id.
    pub id: String,
    /// The id of the span above; empty where there is none.
    pub parent: String,
    /// On which side it is: `server`, `client`, `producer`, `consumer` or `internal`.
    pub kind: String,
    /// What it tells.
    pub attributes: Attributes,
    /// The spans that it is linked to.
    pub links: Vec<Link>,
    /// What went wrong, if something did.
    pub error: Option<String>,
    /// Nanoseconds since 1970.
    pub start: u64,
    /// Nanoseconds since 1970.
    pub end: u64,
}

/// Where a link leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The trace of that span.
    pub trace: String,
    /// Its id.
    pub id: String,
}

impl Span {
    pub(super) fn new(service: &str, sent: Sent) -> Self {
        let kind = sent.kind().as_str_name();
        let error = sent.status.and_then(|status| match status.code() {
            StatusCode::Unset => None,
            StatusCode::Error => Some(status.message),
            StatusCode::Ok => panic!("{} claims to be well", sent.name),
        });
        let links = sent.links.iter().map(|link| Link {
            trace: hex(&link.trace_id),
            id: hex(&link.span_id),
        });
        Self {
            service: service.to_owned(),
            trace: hex(&sent.trace_id),
            id: hex(&sent.span_id),
            parent: hex(&sent.parent_span_id),
            kind: kind.trim_start_matches("SPAN_KIND_").to_lowercase(),
            attributes: attributes(&sent.attributes),
            links: links.collect(),
            error,
            start: sent.start_time_unix_nano,
            end: sent.end_time_unix_nano,
            name: sent.name,
        }
    }

    /// An attribute; empty where there is none.
    pub fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }

    /// Whether it stands right below another.
    pub fn is_child_of(&self, other: &Self) -> bool {
        self.trace == other.trace && self.parent == other.id
    }

    /// Whether one of its links leads to another.
    pub fn is_linked_to(&self, other: &Self) -> bool {
        self.links.iter().any(|link| link.leads_to(other))
    }
}

impl Link {
    /// Whether it leads to this span.
    pub fn leads_to(&self, span: &Span) -> bool {
        self.trace == span.trace && self.id == span.id
    }
}

/// Attributes as they are sent, as text.
///
/// # Panics
/// When a name stands there twice, or has no value of the usual kinds.
pub fn attributes(sent: &[KeyValue]) -> Attributes {
    let mut attributes = Attributes::new();
    for pair in sent {
        let value = match pair.value.as_ref().and_then(|value| value.value.as_ref()) {
            Some(Value::StringValue(text)) => text.clone(),
            Some(Value::BoolValue(value)) => value.to_string(),
            Some(Value::IntValue(value)) => value.to_string(),
            Some(Value::DoubleValue(value)) => value.to_string(),
            other => panic!("{} is {other:?}", pair.key),
        };
        let before = attributes.insert(pair.key.clone(), value);
        assert!(before.is_none(), "{} twice, at first {before:?}", pair.key);
    }
    attributes
}

fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}
