//! When two messages say the same.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

mod support;

use support::{fixture, fixtures};
use waypost_whatsapp::{UpdateBody, parse};

fn digest_of(message: &str) -> Option<[u8; 16]> {
    let body = format!(
        r#"{{"entry":[{{"changes":[{{"field":"messages","value":{{"messages":[{message}]}}}}]}}]}}"#
    );
    digests(body.as_bytes()).remove(0)
}

fn digests(body: &[u8]) -> Vec<Option<[u8; 16]>> {
    let mut found = Vec::new();
    for update in parse(body).unwrap().updates() {
        if let UpdateBody::Message(message) = &update.body {
            found.push(message.content_digest("200000000000001"));
        }
    }
    found
}

#[test]
fn the_same_text_under_another_id_is_the_same() {
    let one = digest_of(
        r#"{"id":"a","from":"1555","type":"text","text":{"body":"caf\u00e9"},"timestamp":"1764000000"}"#,
    );
    let two = digest_of(
        r#"{"timestamp":"1764000003","text":{"body":"café"},"type":"text","from":"1555","id":"b"}"#,
    );
    assert!(one.is_some());
    assert_eq!(one, two);
}

#[test]
fn the_same_file_uploaded_twice_is_the_same() {
    let image = |id: &str, caption: &str| {
        digest_of(&format!(
            r#"{{"id":"{id}","from":"1555","type":"image","image":{{"id":"media-{id}","sha256":"abc=","caption":"{caption}"}}}}"#
        ))
    };
    assert_eq!(image("a", "x"), image("b", "x"));
    assert_ne!(image("a", "x"), image("a", "y"));
}

#[test]
fn sender_number_group_and_question_count() {
    let text = |extra: &str| {
        digest_of(&format!(
            r#"{{"id":"a","type":"text","text":{{"body":"ok"}}{extra}}}"#
        ))
    };
    let mut all = vec![
        text(r#","from":"1555""#),
        text(r#","from":"1556""#),
        text(r#","from":"1555","group_id":"g""#),
        text(r#","from":"1555","context":{"id":"q1"}"#),
        text(r#","from":"1555","context":{"id":"q2"}"#),
    ];
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 5);
    assert_eq!(text(""), None, "nobody to compare with");
    // A person's number may come and go; the user id stays.
    assert_eq!(
        text(r#","from":"1555","from_user_id":"US.1""#),
        text(r#","from_user_id":"US.1""#)
    );
}

#[test]
fn what_is_no_content_is_never_compared() {
    for (name, _) in fixtures("") {
        let never = name.starts_with("system")
            || name.starts_with("unsupported")
            || name.starts_with("reaction_removed")
            || [
                "unknown",
                "without_type",
                "request_welcome",
                "ephemeral",
                "interactive_missing",
            ]
            .contains(&&*name);
        for digest in digests(&fixture(&name)) {
            assert_eq!(digest.is_none(), never, "{name}");
        }
    }
}
