//! An event on a line, for people.

use prost_types::Timestamp;
use serde_json::Value;
use waypost_queue::Position;

use crate::admin::text::{Look, Tone, clean, table, time};

/// Columns of what people wrote.
const PREVIEW: usize = 60;
/// Letters of a contact's id: its last ones, because the first are the time at which it was made.
const SHORT: usize = 8;

/// The line of an event. Nobody's phone number is in it, and nothing that people wrote unless `text` is set.
pub(super) fn event(json: &str, text: bool, look: &Look) -> String {
    let event: Value = serde_json::from_str(json).unwrap_or_default();
    let (kind, data) = (word(&event, "kind"), &event["data"]);
    let (tone, mut what) = match kind {
        "message" => message(data),
        "status" => status(data),
        "contact" => (Tone::Plain, contact(data).to_owned()),
        "account" => (Tone::Plain, word(data, "field").to_owned()),
        _ => (
            Tone::Warn,
            "an event that this program does not know".to_owned(),
        ),
    };
    let preview = preview(&data["message"]).filter(|_| text);
    if let Some(preview) = preview {
        what.push_str(&format!(": {}", table::cut(&clean(preview), PREVIEW)));
    }
    let number = word(&event, "phone_number_id");
    let contact = word(data, "contact_id");
    let short = contact.get(contact.len().saturating_sub(SHORT)..);
    let message = match word(data, "message_id") {
        "" => String::new(),
        id => look.dim(&format!("  {}", clean(id))),
    };
    format!(
        "{}  {:<7}  {:<15}  {:<SHORT$}  {}{message}\n",
        look.dim(&stamp(word(&event, "position"))),
        clean(kind),
        clean(or_dash(number)),
        clean(or_dash(short.unwrap_or_default())),
        look.paint.with(tone, &clean(&what)),
    )
}

/// The line that says that events are missing here.
pub(super) fn resync(json: &str, look: &Look) -> String {
    let resync: Value = serde_json::from_str(json).unwrap_or_default();
    let since = clean(word(&resync, "since"));
    let words = format!(
        "events are missing here: they are no longer kept; `waypost message list --since {since}` shows the messages"
    );
    format!(
        "{}  {:<7}  {}\n",
        look.dim(&stamp(word(&resync, "position"))),
        "resync",
        look.paint.with(Tone::Warn, &words),
    )
}

/// When it was published. `?` of what is no position.
fn stamp(position: &str) -> String {
    let position = position.parse::<Position>();
    position.map_or_else(
        |_| format!("{:<20}", "?"),
        |position| time::stamp(&Timestamp::from(position.time())),
    )
}

/// `in text`, `out template, accepted`, `out text (echo)`.
fn message(data: &Value) -> (Tone, String) {
    let mut what = format!("{} {}", word(data, "direction"), word(data, "type"));
    match word(data, "origin") {
        "" | "live" => {}
        origin => what.push_str(&format!(" ({origin})")),
    }
    if let state @ ("accepted" | "dead") = word(data, "state") {
        what.push_str(&format!(", {state}"));
    }
    if data["duplicate_of"].is_string() {
        what.push_str(", the same as just before");
    }
    (Tone::Plain, what)
}

/// Meta's word alone; ours as `state retrying, attempt 2, error 130429: …`.
fn status(data: &Value) -> (Tone, String) {
    let (status, state) = (word(data, "status"), word(data, "state"));
    let mut what = match status {
        "" => format!("state {state}"),
        status => status.to_owned(),
    };
    if let Some(class) = data["class"].as_str() {
        what.push_str(&format!(" ({class})"));
    }
    if let Some(attempt @ 1..) = data["attempt"].as_u64() {
        what.push_str(&format!(", attempt {attempt}"));
    }
    if let Some(code) = data["error_code"].as_i64() {
        what.push_str(&format!(", error {code}"));
    }
    if let Some(explained) = data["error"].as_str() {
        what.push_str(&format!(": {explained}"));
    }
    let tone = match (status, state) {
        ("failed", _) | (_, "dead") => Tone::Bad,
        (_, "retrying" | "unknown" | "held") => Tone::Warn,
        _ => Tone::Good,
    };
    (tone, what)
}

fn contact(data: &Value) -> &'static str {
    if data["new_phone"].is_string() {
        "has another phone number"
    } else if data["new_user_id"].is_string() {
        "has another user id"
    } else {
        "is named in the address book"
    }
}

/// What people wrote, of whichever type: a text's body, a picture's caption, a button's text.
fn preview(message: &Value) -> Option<&str> {
    let content = &message[word(message, "type")];
    let places = ["body", "caption", "text", "name", "filename", "emoji"];
    places
        .iter()
        .find_map(|place| content[place].as_str())
        .or_else(|| content["body"]["text"].as_str())
        .or_else(|| content["button_reply"]["title"].as_str())
        .or_else(|| content["list_reply"]["title"].as_str())
}

fn word<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_default()
}

fn or_dash(text: &str) -> &str {
    match text {
        "" => "-",
        text => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::admin::text::golden;

    fn line(kind: &str, data: &Value, text: bool) -> String {
        let told = json!({
            "id": "ab12", "position": "1795554920123-0", "kind": kind, "phone_number_id": "106540352242922", "data": data,
        });
        event_line(&told, text)
    }

    fn event_line(told: &Value, text: bool) -> String {
        event(&told.to_string(), text, &golden::look(None))
    }

    #[test]
    fn what_happened_is_said_and_nothing_private() {
        let message = json!({
            "direction": "in", "origin": "live", "type": "text", "contact_id": "01933b7e-5c00-7000-8000-0000abcdef01",
            "from": "15550001234", "name": "Ada", "wamid": "wamid.1",
            "message": {"type": "text", "text": {"body": "Is it\nopen?\u{1b}[2J"}},
        });
        let start = "2026-11-24 21:15:20Z";
        assert_eq!(
            line("message", &message, false),
            format!("{start}  message  106540352242922  abcdef01  in text\n")
        );
        assert_eq!(
            line("message", &message, true),
            format!(
                "{start}  message  106540352242922  abcdef01  in text: Is it open?\u{fffd}[2J\n"
            )
        );
        let echo = json!({"direction": "out", "origin": "echo", "type": "image", "duplicate_of": "wamid.1"});
        let echo = line("message", &echo, false);
        assert!(
            echo.ends_with("-         out image (echo), the same as just before\n"),
            "{echo:?}"
        );
    }

    #[test]
    fn steps_of_a_message_name_it() {
        let delivered =
            json!({"status": "delivered", "message_id": "m-1", "recipient_id": "15550001234"});
        let delivered = line("status", &delivered, false);
        assert!(delivered.ends_with("  delivered  m-1\n"), "{delivered:?}");
        let retrying = json!({
            "message_id": "m-1", "state": "dead", "life": 1, "attempt": 2, "class": "rejected", "error_code": 131_026,
            "error": "not on WhatsApp",
        });
        let retrying = line("status", &retrying, false);
        let words = "state dead (rejected), attempt 2, error 131026: not on WhatsApp  m-1\n";
        assert!(retrying.ends_with(words), "{retrying:?}");
    }

    #[test]
    fn what_names_no_number_and_what_is_not_known_has_a_line_too() {
        let account = json!({"position": "1795554920123-0", "kind": "account", "phone_number_id": "", "data": {"field": "flows"}});
        let account = event_line(&account, false);
        assert_eq!(
            account,
            "2026-11-24 21:15:20Z  account  -                -         flows\n"
        );
        let contact = line("contact", &json!({"phone": "1", "new_phone": "2"}), false);
        assert!(
            contact.ends_with("has another phone number\n"),
            "{contact:?}"
        );
        for strange in ["", "[]", "{\"kind\": 1}", "{\"kind\":\"new\",\"data\":[]}"] {
            let line = event(strange, true, &golden::look(None));
            assert!(line.ends_with("does not know\n"), "{line:?}");
        }
    }

    #[test]
    fn a_gap_says_where_to_look() {
        let json = r#"{"since":"2026-11-24T20:00:00.000Z","position":"1795554920123-0"}"#;
        let line = resync(json, &golden::look(None));
        assert!(
            line.starts_with("2026-11-24 21:15:20Z  resync   events are missing here"),
            "{line}"
        );
        assert!(line.contains("--since 2026-11-24T20:00:00.000Z`"), "{line}");
    }

    #[test]
    fn previews_of_every_type_are_short() {
        let of = |message: Value| preview(&message).map(str::to_owned);
        for (message, wanted) in [
            (
                json!({"type": "image", "image": {"caption": "c"}}),
                Some("c"),
            ),
            (
                json!({"type": "interactive", "interactive": {"button_reply": {"title": "t"}}}),
                Some("t"),
            ),
            (
                json!({"type": "interactive", "interactive": {"body": {"text": "b"}}}),
                Some("b"),
            ),
            (
                json!({"type": "reaction", "reaction": {"emoji": "👍"}}),
                Some("👍"),
            ),
            (json!({"type": "sticker", "sticker": {"id": "1"}}), None),
            (json!({}), None),
        ] {
            assert_eq!(of(message.clone()).as_deref(), wanted, "{message}");
        }
    }
}
