//! Batches: one effect however often they come, and one bad item costs only itself.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

mod support;

use std::time::SystemTime;

use support::*;
use uuid::Uuid;
use waypost_model::Origin;
use waypost_store::{Batch, Item, MediaRow, Outcome, RawWebhook, StoreError};

#[tokio::test]
async fn the_same_item_twice_in_a_batch_is_stored_once() {
    let f = fixture().await;
    let message = text("w1", phone("491700000001"), 0);
    let heard = status("w2", "sent", 1);
    let event = account("account_update", 1);
    let items = vec![
        Item::Message(message.clone()),
        Item::Status(heard.clone()),
        Item::Account(event.clone()),
        Item::Account(event),
        Item::Status(heard),
        Item::Message(message),
    ];
    let first = f.write(items.clone()).await;
    assert_eq!((stored(&first[..3]), known(&first[3..])), (3, 3));
    let again = f.write(items).await;
    assert_eq!(known(&again), 6);
    let summary = f.store.summary().await.unwrap();
    assert_eq!(summary.message_total(), 1);
    assert_eq!(summary.status_total(), 1);
    assert_eq!(summary.account_total(), 1);
    assert_eq!(summary.contacts, 1);
}

#[tokio::test]
async fn the_same_wamid_at_two_numbers_is_two_messages() {
    let f = fixture().await;
    let mut other = text("w1", phone("1"), 0);
    other.phone_number_id = "5550002";
    let outcomes = f
        .write(messages(vec![text("w1", phone("1"), 0), other]))
        .await;
    assert_eq!(stored(&outcomes), 2);
}

#[tokio::test]
async fn everything_told_is_written() {
    let f = fixture().await;
    let mut row = text("w1", both("491700000001", "DE.1"), 7);
    row.kind = "hologram";
    row.group_id = Some("g");
    row.context_wamid = Some("w0");
    row.payload = r#"{"text":{"body":"é \ud83d\ude00"}}"#;
    row.media = Some(MediaRow {
        media_id: "m",
        mime_type: Some("image/png"),
        sha256: None,
        url: None,
        filename: Some("f.png"),
        kind: "image",
    });
    let outcomes = f.write(messages(vec![row])).await;
    let read = f
        .sql
        .query_one(
            "SELECT m.id, direction, origin, type, group_id, context_wamid, sent_at, person_phone, person_bsuid, contact_id,
                    payload #>> '{text,body}', media.filename
             FROM messages m JOIN media ON media.message_id = m.id",
            &[],
        )
        .await
        .unwrap();
    let Outcome::Stored { id, .. } = &outcomes[0] else {
        panic!("not stored")
    };
    assert_eq!(read.get::<_, Uuid>(0), *id);
    for (column, word) in [
        (1, "in"),
        (2, "live"),
        (3, "hologram"),
        (4, "g"),
        (5, "w0"),
        (7, "491700000001"),
        (8, "DE.1"),
        (10, "é 😀"),
        (11, "f.png"),
    ] {
        assert_eq!(read.get::<_, String>(column), word);
    }
    assert_eq!(read.get::<_, SystemTime>(6), at(7));
    assert_eq!(read.get::<_, Uuid>(9), contact(&outcomes[0]));
}

#[tokio::test]
async fn three_writers_of_one_batch_store_each_item_once() {
    let f = fixture().await;
    let names: Vec<(String, String)> = (0..300)
        .map(|i| (format!("wamid.{i}"), format!("4917{i:07}")))
        .collect();
    let mut items = Vec::new();
    for (wamid, number) in &names {
        items.push(Item::Message(text(wamid, phone(number), 0)));
        items.push(Item::Status(status(wamid, "delivered", 0)));
    }
    let batch = Batch {
        webhooks: Vec::new(),
        items,
    };
    let (a, b, c) = tokio::join!(
        f.store.persist(&batch),
        f.store.persist(&batch),
        f.store.persist(&batch)
    );
    for place in 0..batch.items.len() {
        let all = [&a, &b, &c].map(|p| format!("{:?}", p.outcomes[place]));
        let stored = all.iter().filter(|o| o.starts_with("Stored")).count();
        let known = all.iter().filter(|o| o.starts_with("Known")).count();
        assert_eq!((stored, known), (1, 2), "{all:?}");
    }
    assert_eq!(f.store.summary().await.unwrap().contacts, 300);
    assert_eq!((f.orphans().await, f.strays().await), (0, 0));
}

#[tokio::test]
async fn one_bad_item_of_a_thousand_is_found_and_the_others_stored() {
    let f = fixture().await;
    let names: Vec<String> = (0..1000).map(|i| format!("w{i}")).collect();
    let mut rows: Vec<_> = names.iter().map(|w| text(w, phone(w), 0)).collect();
    rows[617].kind = "te\0xt";
    let id = Uuid::now_v7();
    let batch = Batch {
        webhooks: vec![RawWebhook {
            id,
            received_at: SystemTime::now(),
            body: b"{}",
        }],
        items: messages(rows),
    };
    let persisted = f.store.persist(&batch).await;
    assert_eq!(stored(&persisted.outcomes), 999);
    assert!(!persisted.commit_unknown);
    match &persisted.outcomes[617] {
        Outcome::Bad(error @ StoreError::Data { code, .. }) => {
            assert_eq!(code, "22021");
            assert!(!error.is_transient());
        }
        other => panic!("{other:?}"),
    }
    let summary = f.store.summary().await.unwrap();
    assert_eq!((summary.message_total(), summary.webhooks), (999, 1));
    assert_eq!((f.orphans().await, f.strays().await), (0, 0));
}

#[tokio::test]
async fn webhooks_are_kept_though_every_item_is_bad() {
    let f = fixture().await;
    let mut bad = text("w1", phone("1"), 0);
    bad.payload = "{not json";
    let mut too_long = status("w2", "sent", 0);
    // Random enough that no compression brings it below what an index entry may hold.
    let random = |i: u32| waypost_model::content_id(&i.to_le_bytes()).to_string();
    let long: String = (0..600).map(random).collect();
    too_long.wamid = &long;
    let batch = Batch {
        webhooks: vec![RawWebhook {
            id: Uuid::now_v7(),
            received_at: SystemTime::now(),
            body: b"raw",
        }],
        items: vec![Item::Message(bad), Item::Status(too_long)],
    };
    let persisted = f.store.persist(&batch).await;
    for outcome in &persisted.outcomes {
        let Outcome::Bad(error) = outcome else {
            panic!("{outcome:?}")
        };
        // Postgres quotes the value in its own words.
        assert!(!error.to_string().contains("not json"));
    }
    assert_eq!(
        f.count("SELECT count(*) FROM webhooks WHERE body = 'raw'")
            .await,
        1
    );
    // Given again, a webhook is not kept twice.
    f.store.persist(&batch).await;
    assert_eq!(f.count("SELECT count(*) FROM webhooks").await, 1);
}

#[tokio::test]
async fn history_and_echoes_are_not_live() {
    let f = fixture().await;
    let mut past = text("w1", phone("1"), 0);
    past.origin = Origin::History;
    past.status = Some(waypost_model::DeliveryStatus::Read);
    f.write(messages(vec![past, sent("w2", phone("1"))])).await;
    let summary = f.store.summary().await.unwrap();
    let rows: Vec<_> = summary
        .messages
        .iter()
        .map(|row| (row.direction.as_str(), row.origin.as_str(), row.count))
        .collect();
    assert_eq!(rows, [("in", "history", 1), ("out", "echo", 1)]);
    let state = f
        .text("SELECT status FROM messages WHERE wamid = 'w1'", &[])
        .await;
    assert_eq!(state.as_deref(), Some("read"));
}

#[tokio::test]
async fn latency_is_taken_over_messages_and_statuses() {
    let f = fixture().await;
    let start = SystemTime::now();
    f.write(vec![
        Item::Message(text("w1", phone("1"), 0)),
        Item::Status(status("w2", "sent", 0)),
    ])
    .await;
    let latency = f.store.latency_percentiles(start).await.unwrap();
    assert_eq!(latency.rows, 2);
    assert!(latency.p50_ms >= 0.0 && latency.p99_ms < 20_000.0);
}
