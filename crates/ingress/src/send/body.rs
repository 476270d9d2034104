//! The object for Meta: the caller's own members, byte for byte.

use bytes::Bytes;
use serde_json::{Map, Value};

use super::members::Member;

/// Meta's objects that are given by id or by link.
const MEDIA: [&str; 5] = ["image", "video", "audio", "document", "sticker"];

/// Writes the members in their order, and those that the caller could leave out.
pub(crate) fn write(members: &[Member<'_>], product: bool, kind: Option<&str>) -> Bytes {
    let size = members
        .iter()
        .map(|(name, raw)| name.len() + raw.get().len() + 8)
        .sum::<usize>();
    let mut body = String::with_capacity(size + 64);
    let mut put = |name: &str, raw: &str| {
        body.push(if body.is_empty() { '{' } else { ',' });
        body.push_str(&Value::from(name).to_string());
        body.push(':');
        body.push_str(raw);
    };
    if product {
        put("messaging_product", "\"whatsapp\"");
    }
    for (name, raw) in members {
        put(name, raw.get());
    }
    if let Some(kind) = kind {
        put("type", &Value::from(kind).to_string());
    }
    body.push('}');
    Bytes::from(body)
}

/// Whether media anywhere in it are given by a link: Meta fetches those, and a failure of that may heal.
pub(crate) fn is_by_link(members: &Map<String, Value>) -> bool {
    members.iter().any(|(name, value)| match value {
        Value::Object(inner) => {
            (MEDIA.contains(&name.as_str()) && inner.contains_key("link")) || is_by_link(inner)
        }
        Value::Array(items) => items.iter().filter_map(Value::as_object).any(is_by_link),
        _ => false,
    })
}
