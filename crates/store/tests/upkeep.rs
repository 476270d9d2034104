//! Migrations, partitions, retention, trims, and what could not be understood.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

mod support;

use std::time::{Duration, SystemTime};

use support::*;
use uuid::Uuid;
use waypost_store::{Batch, FailedWebhook, RawWebhook, Store, StoreSettings};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[tokio::test]
async fn migrations_run_once_however_many_try() {
    let database = empty().await;
    let store = Store::connect(&StoreSettings::for_url(&database.url))
        .await
        .unwrap();
    let (a, b, c) = tokio::join!(store.migrate(), store.migrate(), store.migrate());
    let applied: usize = [a, b, c].into_iter().map(|r| r.unwrap().len()).sum();
    assert_eq!(applied, 7);
    assert_eq!(store.migrate().await.unwrap(), Vec::<String>::new());
    store.ping().await.unwrap();
}

#[tokio::test]
async fn a_migration_that_was_changed_afterwards_is_refused() {
    let f = fixture().await;
    f.sql
        .batch_execute("UPDATE refinery_schema_history SET checksum = '1' WHERE version = 2")
        .await
        .unwrap();
    let error = f.store.migrate().await.unwrap_err();
    assert!(error.to_string().contains("messages"), "{error}");
}

fn webhook(received_at: SystemTime) -> RawWebhook<'static> {
    RawWebhook {
        id: Uuid::now_v7(),
        received_at,
        body: b"{}",
    }
}

async fn keep(f: &Fixture, webhooks: Vec<RawWebhook<'_>>) {
    let batch = Batch {
        webhooks,
        items: Vec::new(),
    };
    f.store.persist(&batch).await;
}

#[tokio::test]
async fn days_have_partitions_and_old_ones_go() {
    let f = fixture().await;
    let now = SystemTime::now();
    // Before the first maintenance everything is in the default partition, and moves out of it.
    keep(
        &f,
        vec![
            webhook(now),
            webhook(now - 30 * DAY),
            webhook(now - 3 * DAY),
        ],
    )
    .await;
    let done = f.store.maintain().await.unwrap();
    assert_eq!(done.created.len(), 4, "{done:?}");
    assert_eq!(done.expired_webhooks, 1);
    let today = format!("SELECT count(*) FROM {}", done.created[0]);
    assert_eq!(f.count(&today).await, 1);
    assert_eq!(f.count("SELECT count(*) FROM webhooks_default").await, 1);
    keep(&f, vec![webhook(now)]).await;
    assert_eq!(f.count(&today).await, 2);

    // A partition of a day long gone.
    f.sql
        .batch_execute(
            "CREATE TABLE webhooks_20200101 PARTITION OF webhooks FOR VALUES FROM ('2020-01-01 00:00+00') TO ('2020-01-02 00:00+00')",
        )
        .await
        .unwrap();
    let done = f.store.maintain().await.unwrap();
    assert_eq!(done.dropped, ["webhooks_20200101"]);
    assert!(done.created.is_empty());
}

#[tokio::test]
async fn many_may_maintain_at_once() {
    let f = fixture().await;
    let all = futures_util::future::join_all((0..5).map(|_| f.store.maintain())).await;
    let created: usize = all
        .into_iter()
        .map(|done| done.unwrap().created.len())
        .sum();
    assert_eq!(created, 4);
}

#[tokio::test]
async fn without_retention_no_raw_webhook_is_kept() {
    let f = fixture_with(|s| s.with_retention(Duration::ZERO)).await;
    keep(&f, vec![webhook(SystemTime::now())]).await;
    assert_eq!(f.store.summary().await.unwrap().webhooks, 0);
}

#[tokio::test]
async fn contents_are_forgotten_after_an_hour() {
    let f = fixture().await;
    let mut row = text("w1", phone("1"), 0);
    row.content = Some([1; 16]);
    f.write(messages(vec![row])).await;
    assert_eq!(f.store.maintain().await.unwrap().trimmed_windows, 0);
    f.sql
        .batch_execute("UPDATE content_windows SET seen_at = now() - interval '61 minutes'")
        .await
        .unwrap();
    assert_eq!(f.store.maintain().await.unwrap().trimmed_windows, 1);
}

#[tokio::test]
async fn what_failed_is_kept_once_whatever_it_is() {
    let f = fixture().await;
    let row = FailedWebhook {
        id: Uuid::now_v7(),
        request_id: Uuid::now_v7(),
        message_id: Some("w\0x"),
        payload: Some(r#"{"text":"\u0000"}"#),
        raw: b"\x00\xff",
        error_message: "bad\0",
        error_stack: Some("because\0"),
        received_at: SystemTime::now(),
    };
    let good = FailedWebhook {
        id: Uuid::now_v7(),
        payload: Some("{}"),
        ..row
    };
    f.store.fail(&[row, good, row]).await.unwrap();
    f.store.fail(&[row, good]).await.unwrap();
    assert_eq!(f.store.summary().await.unwrap().failed, 2);
    let raw = "SELECT count(*) FROM failed_webhooks WHERE raw = '\\x00ff'::bytea";
    assert_eq!(f.count(raw).await, 2);
    assert_eq!(
        f.count("SELECT count(*) FROM failed_webhooks WHERE payload IS NULL")
            .await,
        1
    );
    let indexes = "SELECT count(*) FROM pg_indexes WHERE tablename = 'failed_webhooks'";
    assert_eq!(f.count(indexes).await, 4);
}
