//! One person under several names: what webhooks say about that, and what becomes of the messages.

use serde_json::{Value, json};
use waypost_e2e::Stage;
use waypost_e2e::webhook::{NOON, change, messages, text, webhook};
use waypost_harness::Client;

use crate::SOON;

/// A customer by phone number and user id, either of which may be hidden.
type Who = (Option<&'static str>, Option<&'static str>);

const ADA_PHONE: &str = "15551000001";
const ADA_NEW_PHONE: &str = "15551000002";
const ADA_ID: &str = "US.1";
const ADA_NEW_ID: &str = "US.2";

/// Posts a body and waits until it has been handled.
async fn post(stage: &Stage, client: &Client, body: bytes::Bytes) {
    assert_eq!(client.post(body).await.unwrap(), 200);
    stage.drained(SOON).await;
}

async fn say(stage: &Stage, client: &Client, wamid: &str, who: Who, at: u64) {
    let item = text(wamid, who.0, who.1, at, wamid);
    post(stage, client, messages(&[item])).await;
}

/// The contact that a message belongs to.
async fn contact_of(stage: &Stage, wamid: &str) -> String {
    let query = format!("SELECT contact_id::text FROM messages WHERE wamid = '{wamid}'");
    let found = stage.texts(&query).await;
    assert_eq!(found.len(), 1, "{wamid}");
    found[0].clone()
}

async fn same(stage: &Stage, wamids: &[&str]) -> bool {
    let first = contact_of(stage, wamids[0]).await;
    for wamid in wamids {
        if contact_of(stage, wamid).await != first {
            return false;
        }
    }
    true
}

fn system(wamid: &str, from: Who, at: u64, body: Value) -> Value {
    let mut item = text(wamid, from.0, from.1, at, "");
    item["type"] = json!("system");
    item["system"] = body;
    if let Some(item) = item.as_object_mut() {
        item.remove("text");
    }
    item
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_then_an_id_beside_it_then_the_id_alone() {
    let stage = Stage::new().await;
    let (ingress, _worker) = (
        stage.services.ingress().await,
        stage.services.worker().await,
    );
    let client = ingress.client();
    say(&stage, &client, "wamid.1", (Some(ADA_PHONE), None), NOON).await;
    let both = (Some(ADA_PHONE), Some(ADA_ID));
    say(&stage, &client, "wamid.2", both, NOON + 1).await;
    say(&stage, &client, "wamid.3", (None, Some(ADA_ID)), NOON + 2).await;
    assert!(same(&stage, &["wamid.1", "wamid.2", "wamid.3"]).await);
    let summary = stage.summary().await;
    assert_eq!((summary.contacts, summary.merged_contacts), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_turn_out_to_be_one_are_merged_with_their_messages() {
    let stage = Stage::new().await;
    let (ingress, _worker) = (
        stage.services.ingress().await,
        stage.services.worker().await,
    );
    let client = ingress.client();
    say(&stage, &client, "wamid.1", (None, Some(ADA_ID)), NOON).await;
    say(
        &stage,
        &client,
        "wamid.2",
        (Some(ADA_PHONE), None),
        NOON + 1,
    )
    .await;
    assert!(!same(&stage, &["wamid.1", "wamid.2"]).await);
    let both = (Some(ADA_PHONE), Some(ADA_ID));
    say(&stage, &client, "wamid.3", both, NOON + 2).await;
    assert!(same(&stage, &["wamid.1", "wamid.2", "wamid.3"]).await);
    let summary = stage.summary().await;
    assert_eq!((summary.contacts, summary.merged_contacts), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_number_stays_with_its_person_and_the_old_one_finds_another() {
    let stage = Stage::new().await;
    let (ingress, _worker) = (
        stage.services.ingress().await,
        stage.services.worker().await,
    );
    let client = ingress.client();
    say(&stage, &client, "wamid.1", (Some(ADA_PHONE), None), NOON).await;
    let news = json!({"type": "user_changed_number", "wa_id": ADA_NEW_PHONE, "body": "changed"});
    let news = system("wamid.2", (Some(ADA_PHONE), None), NOON + 10, news);
    post(&stage, &client, messages(&[news])).await;
    say(
        &stage,
        &client,
        "wamid.3",
        (Some(ADA_NEW_PHONE), None),
        NOON + 20,
    )
    .await;
    // On its way while the number changed.
    say(
        &stage,
        &client,
        "wamid.4",
        (Some(ADA_PHONE), None),
        NOON + 5,
    )
    .await;
    assert!(same(&stage, &["wamid.1", "wamid.2", "wamid.3", "wamid.4"]).await);
    // Months later the number has a new owner.
    let later = NOON + 10_000_000;
    say(
        &stage,
        &client,
        "wamid.5",
        (Some(ADA_PHONE), Some("US.99")),
        later,
    )
    .await;
    assert!(!same(&stage, &["wamid.3", "wamid.5"]).await);
    assert_eq!(stage.summary().await.contacts, 2);
    let events = stage.events_of("contact").await;
    assert_eq!(events.len(), 1);
    let told = (events[0].text("phone"), events[0].text("new_phone"));
    assert_eq!(told, (ADA_PHONE, ADA_NEW_PHONE));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_user_id_is_learnt_from_the_field_and_from_the_message() {
    let stage = Stage::new().await;
    let (ingress, _worker) = (
        stage.services.ingress().await,
        stage.services.worker().await,
    );
    let client = ingress.client();
    say(&stage, &client, "wamid.1", (None, Some(ADA_ID)), NOON).await;
    let entry = json!({
        "detail": "User ID changed", "user_id": {"previous": ADA_ID, "current": ADA_NEW_ID}, "timestamp": NOON + 10,
    });
    let field = change("user_id_update", json!({"user_id_update": [entry]}));
    post(&stage, &client, webhook(&[field])).await;
    say(
        &stage,
        &client,
        "wamid.2",
        (None, Some(ADA_NEW_ID)),
        NOON + 20,
    )
    .await;
    let news = json!({"type": "user_changed_user_id", "user_id": "US.3", "body": "changed"});
    let news = system("wamid.3", (None, Some(ADA_NEW_ID)), NOON + 30, news);
    post(&stage, &client, messages(&[news])).await;
    say(&stage, &client, "wamid.4", (None, Some("US.3")), NOON + 40).await;
    assert!(same(&stage, &["wamid.1", "wamid.2", "wamid.3", "wamid.4"]).await);
    assert_eq!(stage.summary().await.contacts, 1);
    assert_eq!(stage.events_of("contact").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_from_nobody_is_kept() {
    let stage = Stage::new().await;
    let (ingress, _worker) = (
        stage.services.ingress().await,
        stage.services.worker().await,
    );
    say(&stage, &ingress.client(), "wamid.1", (None, None), NOON).await;
    let rows = stage
        .pairs("SELECT wamid, contact_id::text FROM messages")
        .await;
    assert_eq!(rows.get("wamid.1"), Some(&None));
    assert_eq!(stage.events_of("message").await.len(), 1);
}
