//! A request's fields from its query, or from its path.

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Number, Value};

use super::fit;
use super::problem::Fault;

/// Fields by the names of the proto, those of messages in objects, as JSON that [`fit`] is to look at.
#[derive(Debug, Default)]
pub(super) struct Fields {
    tree: Map<String, Value>,
    faults: Vec<Fault>,
}

impl Fields {
    /// All parameters of a query.
    pub(super) fn of_query(query: &str, descriptor: &MessageDescriptor) -> Self {
        let mut fields = Self::default();
        for (name, text) in form_urlencoded::parse(query.as_bytes()) {
            fields.put(&name, &text, descriptor);
        }
        fields
    }

    /// Adds a parameter: a field, by either of its names, with dots where it is one of a message in the request.
    pub(super) fn put(&mut self, name: &str, text: &str, descriptor: &MessageDescriptor) {
        let mut names = name.split('.').peekable();
        let (mut tree, mut within) = (&mut self.tree, descriptor.clone());
        let mut path = String::new();
        while let Some(part) = names.next() {
            let Some(field) = fit::field(&within, part) else {
                break;
            };
            path = fit::join(&path, field.name());
            match (field.kind(), names.peek()) {
                (Kind::Message(inner), Some(_)) if is_ours(&inner) && !field.is_list() => {
                    let entry = tree
                        .entry(field.name())
                        .or_insert_with(|| Map::new().into());
                    let Value::Object(object) = entry else {
                        break;
                    };
                    (tree, within) = (object, inner);
                }
                (Kind::Message(inner), None) if is_ours(&inner) => break,
                (_, None) => {
                    if !insert(tree, &field, value(&field, text)) {
                        self.faults
                            .push(Fault::new(path, "is given more than once"));
                    }
                    return;
                }
                _ => break,
            }
        }
        self.faults.push(Fault::new(name, fit::UNKNOWN));
    }

    /// The fields, and what is wrong so far.
    pub(super) fn into_parts(self) -> (Map<String, Value>, Vec<Fault>) {
        (self.tree, self.faults)
    }
}

fn is_ours(descriptor: &MessageDescriptor) -> bool {
    !descriptor.full_name().starts_with("google.")
}

fn insert(tree: &mut Map<String, Value>, field: &FieldDescriptor, value: Value) -> bool {
    if field.is_list() {
        let list = tree
            .entry(field.name())
            .or_insert_with(|| Vec::<Value>::new().into());
        if let Value::Array(elements) = list {
            elements.push(value);
        }
        return true;
    }
    tree.insert(field.name().to_owned(), value).is_none()
}

/// The text as JSON of the field's type; what is none stays a text, which does not fit.
fn value(field: &FieldDescriptor, text: &str) -> Value {
    let as_text = || Value::from(text);
    match field.kind() {
        Kind::Bool => match text {
            "true" => true.into(),
            "false" => false.into(),
            _ => as_text(),
        },
        Kind::String | Kind::Bytes | Kind::Enum(_) | Kind::Message(_) => as_text(),
        _ => number(text).map_or_else(as_text, Value::Number),
    }
}

/// A number as JSON writes it.
fn number(text: &str) -> Option<Number> {
    // JSON takes space around it.
    let bare = !text.contains(|letter: char| letter.is_ascii_whitespace());
    bare.then(|| serde_json::from_str(text).ok()).flatten()
}
