//! Fixtures, and a short label for every update, so that a table can say what a fixture holds.

#![allow(dead_code, reason = "each test crate uses a part of this")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

use std::path::PathBuf;

use waypost_whatsapp::{Content, Field, Interactive, Message, ParseError, Update, UpdateBody};

/// The folder of the webhook fixtures.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/webhooks")
}

/// All fixtures of one folder: name without ending, bytes.
pub(crate) fn fixtures(under: &str) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder().join(under)).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            found.push((name, std::fs::read(&path).unwrap()));
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no fixtures in {under:?}");
    found
}

/// One fixture.
pub(crate) fn fixture(name: &str) -> Vec<u8> {
    let path = folder().join(format!("{name}.json"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What an update is, in a few words.
pub(crate) fn label(update: &Update<'_>) -> String {
    match &update.body {
        UpdateBody::Message(message) => format!("in {}", message_label(message)),
        UpdateBody::Echo(message) => format!("echo {}", message_label(message)),
        UpdateBody::History(history) => {
            let way = if history.outbound { "out" } else { "in" };
            let status = history.status.as_deref().unwrap_or("-");
            format!("history {way} {} {status}", message_label(&history.message))
        }
        UpdateBody::Status(status) => format!("status {}", status.status),
        UpdateBody::Account(account) => {
            format!("account {} {}", account.field, view(&account.typed()))
        }
        UpdateBody::Malformed {
            why, message_id, ..
        } => {
            let known = if message_id.is_some() { " with id" } else { "" };
            match why {
                ParseError::Shape { what, .. } => format!("malformed {what}{known}"),
                ParseError::Poison(poison) => format!("malformed {poison:?}{known}"),
                why => panic!("an item of a parsed body cannot fail with: {why}"),
            }
        }
    }
}

fn message_label(message: &Message<'_>) -> String {
    format!("{} {}", message.kind, content(&message.content()))
}

fn content(content: &Content<'_>) -> &'static str {
    match content {
        Content::Text(_) => "Text",
        Content::Image(_) => "Image",
        Content::Video(_) => "Video",
        Content::Audio(_) => "Audio",
        Content::Document(_) => "Document",
        Content::Sticker(_) => "Sticker",
        Content::Location(_) => "Location",
        Content::Contacts(_) => "Contacts",
        Content::Reaction(_) => "Reaction",
        Content::Button(_) => "Button",
        Content::Interactive(Interactive::ButtonReply(_)) => "Interactive/ButtonReply",
        Content::Interactive(Interactive::ListReply(_)) => "Interactive/ListReply",
        Content::Interactive(Interactive::FlowReply(_)) => "Interactive/FlowReply",
        Content::Interactive(Interactive::CallPermissionReply(_)) => {
            "Interactive/CallPermissionReply"
        }
        Content::Interactive(Interactive::Unknown { .. }) => "Interactive/Unknown",
        Content::Order(_) => "Order",
        Content::System(_) => "System",
        Content::Revoke(_) => "Revoke",
        Content::Edit(_) => "Edit",
        Content::Unsupported(_) => "Unsupported",
        Content::RequestWelcome => "RequestWelcome",
        Content::MediaPlaceholder => "MediaPlaceholder",
        Content::Ephemeral => "Ephemeral",
        Content::Unknown { .. } => "Unknown",
    }
}

/// The name of the variant, which `Debug` puts first.
fn view(field: &Field<'_>) -> String {
    let debug = format!("{field:?}");
    debug.split(['(', ' ']).next().unwrap().to_owned()
}
