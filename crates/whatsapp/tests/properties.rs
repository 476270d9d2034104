//! What holds for any bytes: no panic, no lost item, nothing in an update that Postgres could not hold.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

mod support;

use proptest::prelude::*;
use support::{fixtures, label};
use waypost_whatsapp::{UpdateBody, find_poison, parse};

/// Uses everything there is to use. Nothing of it may panic.
fn exercise(body: &[u8]) {
    let Ok(webhook) = parse(body) else { return };
    for update in webhook.updates() {
        label(&update);
        update.fingerprint();
        match &update.body {
            UpdateBody::Message(message) | UpdateBody::Echo(message) => {
                message.media();
                message.content_digest("1");
                message.identity_change();
                message.referral();
                message.sender();
                message.recipient();
                message.errors();
                message.identity_check();
            }
            UpdateBody::History(history) => {
                history.customer();
            }
            UpdateBody::Status(status) => {
                status.details();
                status.errors();
                status.error_code();
                status.customer();
            }
            UpdateBody::Account(account) => {
                account.identity_changes();
                account.contacts();
            }
            UpdateBody::Malformed { .. } => {}
        }
        if !matches!(update.body, UpdateBody::Malformed { .. }) {
            assert_eq!(
                find_poison(update.raw()),
                None,
                "an item that cannot be stored came through"
            );
        }
        let alone = update.isolate();
        let again = parse(&alone).unwrap().updates();
        assert_eq!(again.len(), 1, "{}", label(&update));
        assert_eq!(label(&again[0]), label(&update));
        assert_eq!(again[0].raw(), update.raw());
    }
}

fn any_fixture() -> impl Strategy<Value = Vec<u8>> {
    let all: Vec<Vec<u8>> = ["", "odd", "malformed"]
        .iter()
        .flat_map(|folder| fixtures(folder))
        .map(|(_, body)| body)
        .collect();
    proptest::sample::select(all)
}

/// Bytes that matter to a JSON reader turn up more often than chance would have it.
fn telling_byte() -> impl Strategy<Value = u8> {
    prop_oneof![
        proptest::sample::select(b"\"\\{}[],:0u\xff\x00 dn-".to_vec()),
        any::<u8>()
    ]
}

/// Any JSON value of a small size, with strings that are hard to store among them.
fn any_json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        Just("1e999".to_owned()),
        "[a-z]{0,8}".prop_map(|text| format!("\"{text}\"")),
        proptest::sample::select(vec![
            r#""\u0000""#,
            r#""\ud800""#,
            r#""\\u0000""#,
            r#""\ud83d\ude00""#
        ])
        .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let key = proptest::sample::select(vec![
            "id", "type", "text", "from", "messages", "statuses", "status", "errors", "contacts",
            "field", "value",
        ]);
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4)
                .prop_map(|items| format!("[{}]", items.join(","))),
            proptest::collection::vec((key, inner), 0..4).prop_map(|members| {
                let members: Vec<String> = members
                    .into_iter()
                    .map(|(key, value)| format!("\"{key}\":{value}"))
                    .collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_survived(body in proptest::collection::vec(telling_byte(), 0..200)) {
        exercise(&body);
    }

    #[test]
    fn mutated_fixtures_are_survived(
        mut body in any_fixture(),
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), telling_byte(), 0..3u8), 1..6),
    ) {
        for (at, byte, how) in changes {
            if body.is_empty() {
                break;
            }
            let at = at.index(body.len());
            match how {
                0 => body[at] = byte,
                1 => body.insert(at, byte),
                _ => {
                    body.remove(at);
                }
            }
        }
        exercise(&body);
    }

    #[test]
    fn any_item_is_one_update_and_costs_no_sibling(item in any_json(), list in prop_oneof![Just("messages"), Just("statuses")]) {
        let good = r#"{"id":"wamid.GOOD","type":"text","status":"sent"}"#;
        let body = format!(
            r#"{{"entry":[{{"id":"1","changes":[{{"field":"messages","value":{{"{list}":[{good},{item},{good}]}}}}]}}]}}"#
        );
        exercise(body.as_bytes());
        let webhook = parse(body.as_bytes()).unwrap();
        let updates = webhook.updates();
        prop_assert_eq!(updates.len(), 3);
        prop_assert_eq!(updates[1].raw(), item.as_str());
        for sibling in [&updates[0], &updates[2]] {
            prop_assert_eq!(sibling.raw(), good);
            let is_malformed = matches!(sibling.body, UpdateBody::Malformed { .. });
            prop_assert!(!is_malformed);
        }
    }

    #[test]
    fn any_change_is_kept(change in any_json()) {
        let body = format!(r#"{{"entry":[{{"id":"1","time":1764000000,"changes":[{change}]}}]}}"#);
        exercise(body.as_bytes());
        prop_assert!(!parse(body.as_bytes()).unwrap().updates().is_empty());
    }

    #[test]
    fn any_value_of_any_field_is_kept(
        value in any_json(),
        field in proptest::sample::select(vec!["messages", "history", "smb_message_echoes", "calls", "user_id_update"]),
    ) {
        let body = format!(r#"{{"entry":[{{"id":"1","changes":[{{"value":{value},"field":"{field}"}}]}}]}}"#);
        exercise(body.as_bytes());
        prop_assert!(!parse(body.as_bytes()).unwrap().updates().is_empty());
    }
}
