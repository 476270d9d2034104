//! History, echoes and the other fields of numbers that live in the phone app too: never mistaken for live traffic.

use std::path::Path;

use serde_json::json;
use waypost_e2e::Stage;
use waypost_e2e::webhook::{NOON, change, echo, echoes, messages, text, webhook};

use crate::SOON;

fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fixtures/webhooks")
        .join(format!("{name}.json"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

async fn post(stage: &Stage, bodies: Vec<bytes::Bytes>) {
    let ingress = stage.services.ingress().await;
    for body in bodies {
        assert_eq!(ingress.client().post(body).await.unwrap(), 200);
    }
    stage.drained(SOON).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_is_stored_and_is_nobodys_news() {
    let stage = Stage::new().await;
    let _worker = stage.services.worker().await;
    let bodies = ["history", "history_media", "history_declined"];
    post(&stage, bodies.map(|name| fixture(name).into()).to_vec()).await;

    let mut rows = stage
        .texts("SELECT concat_ws(' ', origin, direction, type, status) FROM messages")
        .await;
    rows.sort_unstable();
    let expected = [
        "history in image read",
        "history in media_placeholder played",
        "history in text read",
        "history in text read",
        "history out text delivered",
    ];
    assert_eq!(rows, expected);
    let events = stage.events().await;
    let kinds: Vec<_> = events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["account", "account", "account"]);
    assert!(events.iter().all(|event| event.text("field") == "history"));
    // The names that came with it are those people gave themselves, not those of the business's address book.
    let booked = "SELECT count(*) FROM contacts WHERE book_name IS NOT NULL";
    assert_eq!(stage.count(booked).await, 0);
    // Old and new in the same words: the window compares live messages only.
    assert_eq!(stage.summary().await.marked_duplicates, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_message_stays_one_when_the_past_brings_it_again() {
    let stage = Stage::new().await;
    let _worker = stage.services.worker().await;
    let live = text("wamid.LIVE", Some("15551000001"), None, NOON, "hello");
    let mut past = live.clone();
    past["history_context"] = json!({"status": "READ"});
    let chunk =
        json!({"metadata": {"phase": 0}, "threads": [{"id": "15551000001", "messages": [past]}]});
    let history = change("history", json!({"history": [chunk]}));
    post(&stage, vec![messages(&[live])]).await;
    post(&stage, vec![webhook(&[history])]).await;
    let rows = stage.texts("SELECT origin FROM messages").await;
    assert_eq!(rows, ["live"]);
    assert_eq!(stage.events_of("message").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn echoes_went_out() {
    let stage = Stage::new().await;
    let _worker = stage.services.worker().await;
    post(
        &stage,
        vec![echoes(&[echo("wamid.ECHO", "15551000001", NOON)])],
    )
    .await;
    let rows = stage
        .texts("SELECT concat_ws(' ', direction, origin, type) FROM messages")
        .await;
    assert_eq!(rows, ["out echo text"]);
    let events = stage.events_of("message").await;
    assert_eq!(events.len(), 1);
    assert_eq!(
        (events[0].text("direction"), events[0].text("origin")),
        ("out", "echo")
    );
    assert_eq!(
        stage.texts("SELECT field FROM account_events").await,
        ["smb_message_echoes"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_that_look_like_messages_are_account_events_alone() {
    let stage = Stage::new().await;
    let _worker = stage.services.worker().await;
    let item = text("wamid.OTHER", Some("15551000001"), None, NOON, "not for us");
    let ringing = json!({"id": "wacid.1", "type": "call", "status": "RINGING", "timestamp": NOON.to_string()});
    let added =
        json!({"full_name": "Ada Example", "first_name": "Ada", "phone_number": "15551000001"});
    let sync = json!({"type": "contact", "contact": added, "action": "add", "metadata": {"timestamp": NOON.to_string()}});
    let fields = [
        change("standby", json!({"messages": [item]})),
        change("message_echoes", json!({"message_echoes": [item]})),
        change("calls", json!({"statuses": [ringing]})),
        change("smb_app_state_sync", json!({"state_sync": [sync]})),
        change(
            "a_field_of_the_future",
            json!({"messages": [item], "statuses": [ringing]}),
        ),
    ];
    post(&stage, vec![webhook(&fields)]).await;

    let summary = stage.summary().await;
    assert_eq!((summary.message_total(), summary.status_total()), (0, 0));
    let mut stored = stage.texts("SELECT field FROM account_events").await;
    stored.sort_unstable();
    let mut expected: Vec<_> = fields
        .iter()
        .map(|field| field["field"].as_str().unwrap().to_owned())
        .collect();
    expected.sort_unstable();
    assert_eq!(stored, expected);
    let mut heard: Vec<_> = stage
        .events_of("account")
        .await
        .iter()
        .map(|event| event.text("field").to_owned())
        .collect();
    heard.sort_unstable();
    assert_eq!(heard, expected);
    assert!(stage.events_of("message").await.is_empty());
    // What the phone's address book says is known of the person.
    let names = stage
        .texts("SELECT coalesce(book_name, '') FROM contacts")
        .await;
    assert_eq!(names, ["Ada Example"]);
}
