//! A batch of 1,000 updates with one poison item: 999 effects, one failure, one dead letter.

use std::collections::BTreeSet;

use bytes::Bytes;
use waypost_e2e::Stage;
use waypost_e2e::webhook::{NOON, change, status, text, webhook};
use waypost_whatsapp::parse;

use crate::LATER;

const TEXTS: usize = 700;
const STATUSES: usize = 299;

/// A webhook as large as Meta's largest, with `poison` in its middle, put in as text because no library would write it.
fn batch(poison: &str) -> Bytes {
    let mut messages: Vec<_> = (0..TEXTS)
        .map(|n| {
            let (phone, body) = (format!("1555100{:04}", n % 90), format!("text {n}"));
            text(
                &format!("wamid.GOOD{n}"),
                Some(&phone),
                None,
                NOON + n as u64,
                &body,
            )
        })
        .collect();
    messages.insert(TEXTS / 2, serde_json::json!("POISON"));
    let statuses: Vec<_> = (0..STATUSES)
        .map(|n| {
            status(
                &format!("wamid.SENT{n}"),
                "delivered",
                NOON + n as u64,
                "15551000001",
            )
        })
        .collect();
    let value = serde_json::json!({"messages": messages, "statuses": statuses});
    let body = webhook(&[change("messages", value)]);
    let body = std::str::from_utf8(&body).unwrap();
    Bytes::from(body.replace("\"POISON\"", poison))
}

/// Sends the batch, and looks at everything that must come of it.
async fn costs_nothing_but_itself(poison: &str, class: &str) {
    let stage = Stage::new().await;
    let (ingress, _worker) = (
        stage.services.ingress().await,
        stage.services.worker().await,
    );
    let body = batch(poison);
    assert_eq!(ingress.client().post(body).await.unwrap(), 200);
    stage.drained(LATER).await;

    let good = stage.texts("SELECT wamid FROM messages").await;
    assert_eq!(BTreeSet::from_iter(&good).len(), TEXTS);
    assert_eq!(good.len(), TEXTS);
    let summary = stage.summary().await;
    assert_eq!(summary.status_total() as usize, STATUSES);
    assert_eq!(summary.account_total(), 0);
    let events = stage.events().await;
    let effects: BTreeSet<_> = events.iter().map(|event| &event.id).collect();
    assert_eq!((events.len(), effects.len()), (999, 999));

    let failed = stage
        .query("SELECT request_id::text, message_id, raw FROM failed_webhooks")
        .await;
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].get::<_, &str>(1), "wamid.POISON");
    let letters = stage.dead_letters().await;
    assert_eq!(letters.len(), 1);
    let letter = &letters[0];
    assert_eq!(letter.class, class);
    assert_eq!(letter.envelope.attempts, 3);
    assert_eq!(
        letter.envelope.request_id.to_string(),
        failed[0].get::<_, String>(0)
    );
    assert_eq!(&letter.envelope.body[..], failed[0].get::<_, &[u8]>(2));
    // It is kept alone, so that trying it again touches nobody else.
    assert_eq!(parse(&letter.envelope.body).unwrap().updates().len(), 1);
    let stats = stage.stats().await;
    assert_eq!((stats.dead, stats.retried, stats.failed), (1, 2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_parser_refuses() {
    let poison =
        r#"{"id":"wamid.POISON","from":"15551000001","type":"text","text":{"body":"half \ud83d"}}"#;
    costs_nothing_but_itself(poison, "malformed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_postgres_refuses() {
    let poison = r#"{"id":"wamid.POISON","from":"15551000001","type":"location","location":{"latitude":1e400000}}"#;
    costs_nothing_but_itself(poison, "rejected").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poison_that_comes_again_is_the_same_failure() {
    let stage = Stage::new().await;
    let (ingress, _worker) = (
        stage.services.ingress().await,
        stage.services.worker().await,
    );
    let poison = r#"{"id":"wamid.POISON","type":"text","text":{"body":"a\u0000b"}}"#;
    for _ in 0..3 {
        assert_eq!(ingress.client().post(batch(poison)).await.unwrap(), 200);
        stage.drained(LATER).await;
    }
    assert_eq!(stage.summary().await.failed, 1);
    assert_eq!(stage.dead_letters().await.len(), 1);
    assert_eq!(stage.events().await.len(), 999);
}
