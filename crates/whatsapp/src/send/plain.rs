//! Types without structure of their own: text, media, location, contacts, reaction, mark as read.

use serde_json::Value;

use super::faults::Faults;
use super::place::Place;

const CAPTION: usize = 1024;
/// Longer than anything that Meta has: for strings without a documented limit.
pub(super) const ANY: usize = usize::MAX;

pub(super) fn text(faults: &mut Faults, text: Place<'_>) {
    text.text(faults, "body", 4096);
    text.flag_if_any(faults, "preview_url");
}

/// A media object: by id or by link. A link's form is not checked: Meta's own examples have placeholders there.
pub(super) fn media(faults: &mut Faults, media: Place<'_>) {
    media.one_of(faults, "id", "link");
}

/// Image, video and document.
pub(super) fn captioned(faults: &mut Faults, object: Place<'_>) {
    media(faults, object);
    object.text_if_any(faults, "caption", CAPTION);
    object.text_if_any(faults, "filename", ANY);
}

pub(super) fn audio(faults: &mut Faults, object: Place<'_>) {
    media(faults, object);
    object.flag_if_any(faults, "voice");
}

pub(super) fn location(faults: &mut Faults, location: Place<'_>) {
    degrees(faults, location, "latitude", 90.0);
    degrees(faults, location, "longitude", 180.0);
    location.text_if_any(faults, "name", ANY);
    location.text_if_any(faults, "address", ANY);
}

/// A number, or a number as a string.
fn degrees(faults: &mut Faults, location: Place<'_>, name: &str, most: f64) {
    let Some(value) = location.required(faults, name) else {
        return;
    };
    let degrees = match value {
        Value::String(text) => text.trim().parse().ok(),
        value => value.as_f64(),
    };
    if !degrees.is_some_and(|degrees| (-most..=most).contains(&degrees)) {
        let message = format!("must be a number of degrees between -{most} and {most}");
        location.fault(faults, name, message);
    }
}

/// Meta's pages allow 257 and its OpenAPI schema 5; only more than 257 is known to be wrong.
pub(super) fn contacts(faults: &mut Faults, body: Place<'_>) {
    body.list(faults, "contacts", 1..=257, |faults, contact| {
        contact.object(faults, "name", |faults, name| {
            name.text(faults, "formatted_name", ANY);
        });
        for list in ["phones", "emails", "addresses", "urls"] {
            contact.list_if_any(faults, list, 0..=ANY, |_, _| {});
        }
    });
}

/// An empty emoji takes the reaction back [?], so it may be empty, but it must be there.
pub(super) fn reaction(faults: &mut Faults, reaction: Place<'_>) {
    reaction.text(faults, "message_id", ANY);
    if reaction.required(faults, "emoji").is_some() {
        reaction.text_if_any(faults, "emoji", ANY);
    }
}

/// A mark as read, perhaps with a typing indicator.
pub(super) fn read(faults: &mut Faults, body: Place<'_>) {
    body.fixed(faults, "status", "read");
    body.text(faults, "message_id", ANY);
    body.object_if_any(faults, "typing_indicator", |faults, typing| {
        typing.text(faults, "type", ANY);
    });
}
