//! Meta's own sixteen examples, from its OpenAPI file. They are not ours to commit: set `WAYPOST_EXTRA_FIXTURES` to a
//! folder with `meta-openapi-webhooks.jsonl` (one `{"name", "body"}` a line).

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "test code"
)]

mod support;

use serde_json::Value;
use support::label;
use waypost_whatsapp::parse;

#[test]
fn metas_examples_become_what_their_names_say() {
    let Some(folder) = std::env::var_os("WAYPOST_EXTRA_FIXTURES") else {
        println!("skipped: WAYPOST_EXTRA_FIXTURES is not set");
        return;
    };
    let path = std::path::Path::new(&folder).join("meta-openapi-webhooks.jsonl");
    let lines = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut labels = Vec::new();
    for line in lines.lines() {
        let example: Value = serde_json::from_str(line).unwrap();
        let body = example["body"].to_string();
        let webhook = parse(body.as_bytes()).unwrap();
        for update in webhook.updates() {
            assert!(!update.waba_id.is_empty() && !update.metadata.phone_number_id.is_empty());
            labels.push(label(&update));
        }
    }
    let expected = [
        "in text Text",
        "in text Text",
        "in text Text",
        "in reaction Reaction",
        "in image Image",
        "in location Location",
        "in contacts Contacts",
        "in unsupported Unsupported",
        "in button Button",
        "in interactive Interactive/ListReply",
        "in interactive Interactive/ButtonReply",
        "in order Order",
        "in system System",
        "account group_lifecycle_update GroupLifecycle",
        "account group_settings_update GroupSettings",
        "account group_participants_update GroupParticipants",
    ];
    assert_eq!(labels, expected);
}
