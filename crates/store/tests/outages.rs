//! Outages: what is not the item's fault costs the item nothing.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

mod support;

use std::time::Duration;

use support::*;
use waypost_harness::eventually;
use waypost_store::{Outcome, Store, StoreSettings};

const DEADLINE: Duration = Duration::from_secs(20);

fn all_unavailable(outcomes: &[Outcome]) {
    for outcome in outcomes {
        match outcome {
            Outcome::Unavailable(error) => assert!(error.is_transient()),
            other => panic!("{other:?}"),
        }
    }
}

/// Holds a lock that stops every batch in its middle; returns the process ids that wait for it.
async fn waiting(f: &Fixture) -> Vec<i32> {
    let rows = f
        .sql
        .query(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query ~ '(COPY|INTO) messages'",
            &[],
        )
        .await
        .unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn a_backend_killed_in_mid_batch_leaves_nothing_and_costs_nothing() {
    let f = fixture().await;
    // So that the statements are prepared and the wait is in the middle.
    f.write(messages(vec![text("w0", phone("0"), 0)])).await;
    let blocker = connect(&f.database.url).await;
    blocker
        .batch_execute("BEGIN; LOCK TABLE messages IN SHARE MODE")
        .await
        .unwrap();
    let items = || messages(vec![text("w1", phone("1"), 0), text("w2", phone("2"), 0)]);
    let store = f.store.clone();
    let task = tokio::spawn(async move {
        let items = messages(vec![text("w1", phone("1"), 0), text("w2", phone("2"), 0)]);
        write(&store, items).await
    });
    eventually(DEADLINE, "the batch waits", async || {
        !waiting(&f).await.is_empty()
    })
    .await;
    for pid in waiting(&f).await {
        f.sql
            .execute("SELECT pg_terminate_backend($1)", &[&pid])
            .await
            .unwrap();
    }
    let persisted = task.await.unwrap();
    all_unavailable(&persisted.outcomes);
    assert!(!persisted.commit_unknown);
    blocker.batch_execute("ROLLBACK").await.unwrap();
    // Nothing was left behind, and the pool has got over it.
    assert_eq!(f.store.summary().await.unwrap().contacts, 1);
    assert_eq!(stored(&f.write(items()).await), 2);
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_given_up_and_may_be_repeated() {
    let f = fixture_with(|s| s.with_statement_timeout(Duration::from_millis(200))).await;
    let blocker = connect(&f.database.url).await;
    blocker
        .batch_execute("BEGIN; LOCK TABLE messages IN SHARE MODE")
        .await
        .unwrap();
    let persisted = write(&f.store, messages(vec![text("w1", phone("1"), 0)])).await;
    all_unavailable(&persisted.outcomes);
    blocker.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(
        stored(&f.write(messages(vec![text("w1", phone("1"), 0)])).await),
        1
    );
}

#[tokio::test]
async fn missing_tables_cost_no_message() {
    let database = empty().await;
    let store = Store::connect(&StoreSettings::for_url(&database.url))
        .await
        .unwrap();
    let persisted = write(&store, messages(vec![text("w1", phone("1"), 0)])).await;
    all_unavailable(&persisted.outcomes);
    store.migrate().await.unwrap();
    let persisted = write(&store, messages(vec![text("w1", phone("1"), 0)])).await;
    assert_eq!(stored(&persisted.outcomes), 1);
}

#[tokio::test]
async fn without_a_server_everything_is_unavailable_and_says_so() {
    // A port that is bound and never listened on refuses, and nobody else can take it meanwhile.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = socket.local_addr().unwrap().port();
    let url = format!("postgres://user:sesame@127.0.0.1:{port}/db");
    let store = Store::connect(&StoreSettings::for_url(&url)).await.unwrap();
    let error = store.ping().await.unwrap_err();
    assert!(error.is_transient());
    assert!(!error.to_string().contains("sesame"), "{error}");
    let persisted = write(&store, messages(vec![text("w1", phone("1"), 0)])).await;
    all_unavailable(&persisted.outcomes);
    assert!(persisted.unavailable.is_some());
    // Webhooks without items have no outcome to say it.
    let raw = waypost_store::RawWebhook {
        id: uuid::Uuid::now_v7(),
        received_at: std::time::SystemTime::now(),
        body: b"{}",
    };
    let batch = waypost_store::Batch {
        webhooks: vec![raw],
        items: Vec::new(),
    };
    let persisted = store.persist(&batch).await;
    assert!(persisted.unavailable.is_some());
}

#[tokio::test]
async fn a_url_that_is_none_is_refused_without_being_quoted() {
    let error = Store::connect(&StoreSettings::for_url("postgres://user:sesame@[:x"))
        .await
        .err()
        .unwrap();
    assert!(!error.is_transient());
    assert!(!error.to_string().contains("sesame"), "{error}");
}

/// A schema changed under prepared statements must heal by itself.
#[tokio::test]
async fn a_changed_schema_heals() {
    let f = fixture().await;
    f.write(messages(vec![text("w1", phone("1"), 0)])).await;
    f.sql
        .batch_execute("ALTER TABLE messages ADD COLUMN note text; ALTER TABLE messages DROP COLUMN note; DEALLOCATE ALL")
        .await
        .unwrap();
    eventually(DEADLINE, "a write goes through", async || {
        let persisted = write(&f.store, messages(vec![text("w2", phone("1"), 0)])).await;
        matches!(
            persisted.outcomes[0],
            Outcome::Stored { .. } | Outcome::Known { .. }
        )
    })
    .await;
}

/// The connection breaks while the COMMIT is under way: whether it was carried out nobody can tell, and we say so.
#[tokio::test]
async fn a_commit_without_an_answer_is_unknown() {
    let f = fixture().await;
    f.sql
        .batch_execute(
            "CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN PERFORM pg_advisory_xact_lock(99); RETURN NULL; END $$;
             CREATE CONSTRAINT TRIGGER linger AFTER INSERT ON messages DEFERRABLE INITIALLY DEFERRED
                 FOR EACH ROW EXECUTE FUNCTION linger();
             SELECT pg_advisory_lock(99)",
        )
        .await
        .unwrap();
    let store = f.store.clone();
    let task =
        tokio::spawn(async move { write(&store, messages(vec![text("w1", phone("1"), 0)])).await });
    let committing = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                      WHERE datname = current_database() AND wait_event_type = 'Lock' AND query = 'COMMIT'";
    eventually(DEADLINE, "the commit waits", async || {
        f.count(committing).await == 1
    })
    .await;
    let persisted = task.await.unwrap();
    assert!(persisted.commit_unknown);
    all_unavailable(&persisted.outcomes);
    f.sql
        .batch_execute("SELECT pg_advisory_unlock(99)")
        .await
        .unwrap();
    assert_eq!(
        stored(&f.write(messages(vec![text("w1", phone("1"), 0)])).await),
        1
    );
}
