//! The same seed, the same bytes; another seed, other ids. And the bytes are such as Meta sends.

#![allow(clippy::unwrap_used, reason = "test code")]

use std::collections::BTreeSet;

use waypost_sandbox::{Batch, Composer, DeliveryKind, MessageKind, Scenario, Story};
use waypost_whatsapp::{UpdateBody, parse};

fn ids(scenario: &Scenario) -> BTreeSet<String> {
    let plan = scenario.plan(b"s");
    let mut ids = BTreeSet::new();
    for delivery in plan.deliveries {
        for update in parse(&delivery.body)
            .map(|webhook| webhook.updates())
            .unwrap_or_default()
        {
            if let UpdateBody::Message(message) | UpdateBody::Echo(message) = &update.body {
                ids.insert(message.id.to_string());
            }
        }
    }
    ids
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let scenario = Scenario::rough(42, 800);
    let (one, two) = (scenario.plan(b"secret"), scenario.plan(b"secret"));
    assert_eq!(one.deliveries, two.deliveries);
    assert_eq!(one.expected, two.expected);
}

#[test]
fn another_seed_shares_no_message_id() {
    let (one, two) = (ids(&Scenario::rough(1, 500)), ids(&Scenario::rough(2, 500)));
    assert!(one.len() > 100 && one.is_disjoint(&two));
}

#[test]
fn disorder_changes_the_order_and_not_the_updates() {
    let calm = Scenario {
        seed: 8,
        updates: 400,
        batch_sizes: 1..=1,
        ..Scenario::default()
    };
    let wild = Scenario {
        disorder: true,
        ..calm.clone()
    };
    assert_eq!(ids(&calm), ids(&wild));
    assert_eq!(calm.plan(b"s").expected, wild.plan(b"s").expected);
    assert_ne!(calm.plan(b"s").deliveries, wild.plan(b"s").deliveries);
}

#[test]
fn bodies_are_ascii_and_no_larger_than_metas() {
    let plan = Scenario {
        batch_sizes: 1_000..=1_000,
        ..Scenario::rough(4, 6_000)
    }
    .plan(b"s");
    let good = plan
        .deliveries
        .iter()
        .filter(|delivery| delivery.kind == DeliveryKind::Good);
    let mut largest = 0;
    for delivery in good {
        assert!(delivery.body.is_ascii() && delivery.body.len() <= 3_000_000);
        assert!(delivery.updates <= 1_000);
        largest = largest.max(delivery.updates);
    }
    assert!(largest > 900, "{largest}");
}

#[test]
fn a_full_batch_gives_the_update_back() {
    let mut composer = Composer::new(1);
    let mut batch = Batch::new();
    for _ in 0..1_000 {
        batch.push(composer.message(MessageKind::Text)).unwrap();
    }
    let refused = batch
        .push(composer.message(MessageKind::Order))
        .unwrap_err();
    assert_eq!(refused.0.updates(), 1);
    assert_eq!(batch.updates(), 1_000);
    assert_eq!(parse(&batch.body()).unwrap().updates().len(), 1_000);
}

#[test]
fn each_sender_is_introduced() {
    let mut composer = Composer::new(6);
    let mut batch = Batch::new();
    for _ in 0..50 {
        batch.push(composer.message(MessageKind::Text)).unwrap();
        for status in composer.story(Story::Group) {
            batch.push(status).unwrap();
        }
    }
    let body = batch.body();
    let mut without_phone = 0;
    for update in parse(&body).unwrap().updates() {
        let customer = match &update.body {
            UpdateBody::Message(message) => message.sender().name.cloned(),
            UpdateBody::Status(status) => status.customer().name.cloned(),
            _ => None,
        };
        assert!(customer.is_some(), "{}", update.raw());
        without_phone += usize::from(
            matches!(&update.body, UpdateBody::Message(message) if message.from.is_none()),
        );
    }
    assert!(without_phone > 0, "nobody hides the number");
}
