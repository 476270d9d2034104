//! The five-second window: same number, sender and content under another id.

use std::collections::BTreeMap;

use waypost_e2e::Stage;
use waypost_e2e::webhook::{NOON, messages, text};
use waypost_harness::Client;

use crate::SOON;

/// Says "ok" under this id, and waits until that has been handled.
async fn say(stage: &Stage, client: &Client, wamid: &str, at: u64) {
    let item = text(wamid, Some("15551000001"), None, at, "ok");
    assert_eq!(client.post(messages(&[item])).await.unwrap(), 200);
    stage.drained(SOON).await;
}

async fn marks(stage: &Stage) -> BTreeMap<String, Option<String>> {
    stage
        .pairs("SELECT wamid, duplicate_of FROM messages")
        .await
}

fn marked(pairs: &[(&str, Option<&str>)]) -> BTreeMap<String, Option<String>> {
    let own = |(wamid, of): &(&str, Option<&str>)| ((*wamid).to_owned(), of.map(str::to_owned));
    pairs.iter().map(own).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn by_default_a_repetition_is_kept_and_marked() {
    let stage = Stage::new().await;
    let (ingress, _worker) = (
        stage.services.ingress().await,
        stage.services.worker().await,
    );
    let client = ingress.client();
    say(&stage, &client, "wamid.A", NOON).await;
    say(&stage, &client, "wamid.B", NOON + 5).await;
    say(&stage, &client, "wamid.C", NOON + 11).await;
    let other = text("wamid.D", Some("15551000001"), None, NOON + 11, "ok?");
    let else_where = text("wamid.E", Some("15551000002"), None, NOON + 11, "ok");
    let body = messages(&[other, else_where]);
    assert_eq!(client.post(body).await.unwrap(), 200);
    stage.drained(SOON).await;

    let expected = [
        ("wamid.A", None),
        ("wamid.B", Some("wamid.A")),
        ("wamid.C", None),
        ("wamid.D", None),
        ("wamid.E", None),
    ];
    assert_eq!(marks(&stage).await, marked(&expected));
    let events = stage.events_of("message").await;
    assert_eq!(events.len(), 5);
    let b = events.iter().find(|event| event.text("wamid") == "wamid.B");
    assert_eq!(b.unwrap().text("duplicate_of"), "wamid.A");
    assert_eq!(stage.summary().await.dropped_duplicates, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn policy_drop_keeps_it_out_and_records_it() {
    let stage = Stage::new()
        .await
        .with("dedup.window_policy", "drop")
        // Postgres itself must know the dropped one again.
        .with("dedup.ttl", "0s");
    let (ingress, _worker) = (
        stage.services.ingress().await,
        stage.services.worker().await,
    );
    let client = ingress.client();
    say(&stage, &client, "wamid.A", NOON).await;
    say(&stage, &client, "wamid.B", NOON + 5).await;
    say(&stage, &client, "wamid.B", NOON + 5).await;
    say(&stage, &client, "wamid.C", NOON + 6).await;

    let expected = [("wamid.A", None), ("wamid.C", None)];
    assert_eq!(marks(&stage).await, marked(&expected));
    let dropped = "SELECT wamid, duplicate_of FROM dropped_duplicates";
    let expected = [("wamid.B", Some("wamid.A"))];
    assert_eq!(stage.pairs(dropped).await, marked(&expected));
    let events = stage.events_of("message").await;
    let heard: Vec<_> = events.iter().map(|event| event.text("wamid")).collect();
    assert_eq!(heard, ["wamid.A", "wamid.C"]);
}
