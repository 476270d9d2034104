//! The expected figures are checked against the bytes themselves: a model of the worker, a few lines long, reads every
//! delivery of a plan and counts what it would store.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

use std::collections::{BTreeMap, BTreeSet};

use secrecy::SecretString;
use waypost_sandbox::{DeliveryKind, Expected, MessageKind, Plan, Scenario, field_names};
use waypost_whatsapp::signature::AppSecrets;
use waypost_whatsapp::{UpdateBody, parse};

const SECRET: &[u8] = b"sandbox secret";

/// What a worker with these rules would have stored.
#[derive(Default)]
struct Model {
    messages: BTreeMap<(String, String), (String, String)>,
    statuses: BTreeSet<(String, String, String)>,
    events: BTreeMap<[u8; 32], String>,
    failed: BTreeSet<Vec<u8>>,
    redelivered: u64,
    refused: u64,
}

impl Model {
    fn of(plan: &Plan) -> Self {
        let secrets = AppSecrets::new([SecretString::from("sandbox secret")]).unwrap();
        let mut model = Self::default();
        for delivery in &plan.deliveries {
            let header = delivery.signature.as_deref().map(str::as_bytes);
            if secrets.verify(header, &delivery.body).is_err() {
                assert_eq!(delivery.kind, DeliveryKind::BadSignature);
                model.refused += 1;
                continue;
            }
            assert_ne!(
                delivery.kind,
                DeliveryKind::BadSignature,
                "a forged body got through"
            );
            let seen = model.take(&delivery.body);
            assert_eq!(seen, delivery.updates as u64);
            if delivery.kind == DeliveryKind::Duplicate {
                model.redelivered += seen;
            }
        }
        model
    }

    fn take(&mut self, body: &[u8]) -> u64 {
        let Ok(webhook) = parse(body) else {
            assert!(
                self.failed.insert(body.to_vec()),
                "two malformed bodies are the same"
            );
            return 0;
        };
        let updates = webhook.updates();
        for update in &updates {
            let number = update.metadata.phone_number_id.to_string();
            let (way, message) = match &update.body {
                UpdateBody::Message(message) => ("in", message),
                UpdateBody::Echo(message) => ("out", message),
                UpdateBody::History(history) if history.outbound => ("out", &history.message),
                UpdateBody::History(history) => ("in", &history.message),
                UpdateBody::Status(status) => {
                    let participant = status
                        .participant()
                        .map(ToString::to_string)
                        .unwrap_or_default();
                    self.statuses.insert((
                        status.id.to_string(),
                        status.status.to_string(),
                        participant,
                    ));
                    continue;
                }
                UpdateBody::Account(account) => {
                    self.events
                        .insert(update.fingerprint(), account.field.to_string());
                    continue;
                }
                UpdateBody::Malformed { .. } => {
                    self.failed.insert(update.isolate());
                    continue;
                }
            };
            self.messages.insert(
                (number, message.id.to_string()),
                (way.to_owned(), message.kind.to_string()),
            );
        }
        updates.len() as u64
    }

    fn compare(&self, expected: &Expected) {
        assert_eq!(
            tally(self.messages.values().cloned()),
            expected.messages_by_type
        );
        assert_eq!(
            tally(self.statuses.iter().map(|(_, status, _)| status.clone())),
            expected.statuses_by_status
        );
        assert_eq!(
            tally(self.events.values().cloned()),
            expected.account_events_by_field
        );
        assert_eq!(self.failed.len() as u64, expected.failed_webhooks);
        assert_eq!(expected.failed_webhooks, expected.dead_letters);
        assert_eq!(self.redelivered, expected.redelivered_updates);
        assert_eq!(self.refused, expected.refused);
    }
}

fn tally<K: Ord>(keys: impl Iterator<Item = K>) -> BTreeMap<K, u64> {
    let mut counts = BTreeMap::new();
    for key in keys {
        *counts.entry(key).or_default() += 1;
    }
    counts
}

#[test]
fn the_figures_agree_with_the_bytes() {
    for seed in 0..8 {
        let plan = Scenario::rough(seed, 1_500).plan(SECRET);
        Model::of(&plan).compare(&plan.expected);
    }
    let calm = Scenario {
        seed: 3,
        ..Scenario::default()
    }
    .plan(SECRET);
    Model::of(&calm).compare(&calm.expected);
    assert!(
        (1_000..1_010).contains(&calm.expected.rows()),
        "{}",
        calm.expected.rows()
    );
}

#[test]
fn every_kind_of_update_comes() {
    let plan = Scenario {
        seed: 9,
        updates: 250,
        ..Scenario::default()
    }
    .plan(SECRET);
    for kind in MessageKind::ALL {
        let key = ("in".to_owned(), kind.word().to_owned());
        assert!(
            plan.expected.messages_by_type.contains_key(&key),
            "{kind:?}"
        );
    }
    for status in [
        "sent",
        "delivered",
        "read",
        "played",
        "failed",
        "captured",
        "deleted",
        "warning",
        "teleported",
    ] {
        assert!(
            plan.expected.statuses_by_status.contains_key(status),
            "{status}"
        );
    }
    for name in field_names() {
        let field = match name {
            "messages_errors" | "messages_future" => "messages",
            "history_media" | "history_declined" => "history",
            name => name,
        };
        assert!(
            plan.expected.account_events_by_field.contains_key(field),
            "{name}"
        );
    }
}

#[test]
fn no_type_or_field_is_unknown_to_the_parser_but_those_of_the_future() {
    use waypost_whatsapp::{Content, Field};
    let plan = Scenario {
        seed: 5,
        updates: 3_000,
        ..Scenario::default()
    }
    .plan(SECRET);
    for delivery in &plan.deliveries {
        for update in parse(&delivery.body).unwrap().updates() {
            match &update.body {
                UpdateBody::Message(message) | UpdateBody::Echo(message) => {
                    let unknown = matches!(message.content(), Content::Unknown { .. });
                    let future = message.kind == "hologram"
                        || (message.kind == "interactive" && message.object().is_none());
                    assert_eq!(unknown, future, "{}", message.raw);
                }
                UpdateBody::Account(account) => {
                    let unknown = matches!(account.typed(), Field::Unknown { .. });
                    let shapeless = account.raw.contains("\"note\"") || account.field == "standby";
                    assert_eq!(unknown, shapeless, "{}", account.raw);
                }
                UpdateBody::Malformed { raw, .. } => panic!("{raw}"),
                UpdateBody::History(_) | UpdateBody::Status(_) => {}
            }
        }
    }
}

#[test]
fn the_double_taps_and_only_they_say_the_same() {
    let plan = Scenario {
        double_taps: 40,
        ..Scenario::rough(11, 4_000)
    }
    .plan(SECRET);
    let mut said = BTreeMap::new();
    for delivery in plan
        .deliveries
        .iter()
        .filter(|delivery| delivery.kind == DeliveryKind::Good)
    {
        for update in parse(&delivery.body).unwrap().updates() {
            if let UpdateBody::Message(message) = &update.body
                && let Some(digest) = message.content_digest(&update.metadata.phone_number_id)
            {
                said.entry(digest)
                    .or_insert_with(Vec::new)
                    .push(message.timestamp.unwrap());
            }
        }
    }
    let pairs: Vec<_> = said.values().filter(|times| times.len() > 1).collect();
    assert_eq!(pairs.len() as u64, plan.expected.marked_repetitions);
    assert_eq!(plan.expected.marked_repetitions, 40);
    for times in pairs {
        let (first, last) = (times.iter().min().unwrap(), times.iter().max().unwrap());
        assert!(times.len() == 2 && last.duration_since(*first).unwrap().as_secs() <= 5);
    }
}
