//! A worker dies between its commit and its events. The moment is too short to hit, so it is staged: the row comes in
//! over another queue, whose events nobody here hears, and the entry is held by a consumer that never says anything again.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use uuid::Uuid;
use waypost_e2e::Stage;
use waypost_e2e::sends::{outgoing, text_to};
use waypost_e2e::webhook::{NOON, NUMBER, echo, echoes, messages, status, statuses, text};
use waypost_harness::eventually;
use waypost_model::SendState;
use waypost_queue::{Consumer, Enqueuer, Envelope, Fact, InboxSettings, Reserved};

use crate::{HEALED, short_lease};

#[tokio::test(flavor = "multi_thread")]
async fn whoever_gets_the_entry_tells_of_it() {
    told_after(1).await;
}

/// Meanwhile another worker meets the row, finds it known, and must not take that for told.
#[tokio::test(flavor = "multi_thread")]
async fn also_when_the_same_webhook_was_handled_by_another_meanwhile() {
    told_after(2).await;
}

async fn told_after(deliveries: usize) {
    let stage = short_lease(Stage::new().await);
    let body = messages(&[text("wamid.X", Some("15551000001"), None, NOON, "hello")]);
    let beside = stage.beside().await;
    {
        let (ingress, _worker) = (
            beside.services.ingress().await,
            beside.services.worker().await,
        );
        assert_eq!(ingress.client().post(body.clone()).await.unwrap(), 200);
        beside.drained(HEALED).await;
    }
    assert_eq!(stage.count("SELECT count(*) FROM messages").await, 1);

    let ingress = stage.services.ingress().await;
    for _ in 0..deliveries {
        assert_eq!(ingress.client().post(body.clone()).await.unwrap(), 200);
    }
    die_with(&stage, 1).await;
    let _worker = stage.services.worker().await;
    eventually(HEALED, "it is told", async || {
        !stage.events_of("message").await.is_empty()
    })
    .await;
    stage.drained(HEALED).await;
    let told = stage.events_of("message").await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].text("wamid"), "wamid.X");
    assert_eq!(stage.stats().await.handed_back, 1);
    assert_eq!(stage.count("SELECT count(*) FROM messages").await, 1);
}

/// A consumer takes so many entries and is not heard of again.
async fn die_with(stage: &Stage, entries: usize) {
    let lease = InboxSettings {
        lease: Duration::from_secs(3),
        ..InboxSettings::default()
    };
    let dying = Consumer::join(&stage.redis, &lease, 0).await.unwrap();
    let Reserved::Batch(batch) = dying.reserve(entries, 1 << 20).await.unwrap() else {
        panic!("nothing to reserve");
    };
    assert_eq!(batch.entries.len(), entries);
}

/// Whoever sees one conversation alone would miss what does not say that it belongs there.
#[tokio::test(flavor = "multi_thread")]
async fn it_is_told_in_the_same_words() {
    let stage = short_lease(Stage::new().await);
    let beside = stage.beside().await;
    let entries = entries();
    {
        // In one batch, like the second time: a message tells where it stands when it is told.
        enqueue(&beside, &entries).await;
        let _worker = beside.services.worker().await;
        beside.drained(HEALED).await;
    }
    enqueue(&stage, &entries).await;
    die_with(&stage, entries.len()).await;
    let _worker = stage.services.worker().await;
    let first = words(&beside).await;
    eventually(HEALED, "all is told", async || {
        stage.events().await.len() >= first.len()
    })
    .await;
    stage.drained(HEALED).await;
    assert_eq!(words(&stage).await, first);

    let named = |of: &str| {
        first
            .values()
            .filter(|data| data["contact_id"] == of)
            .count()
    };
    let query = "SELECT DISTINCT contact_id::text FROM messages";
    let contacts = stage.texts(query).await;
    assert_eq!(contacts.len(), 1);
    // All but the status of whom nobody knows, and the account event that comes with an echo.
    assert_eq!((first.len(), named(&contacts[0])), (10, 8));
}

/// One person's messages both ways and what became of them, and a status of what nobody knows.
fn entries() -> Vec<Envelope> {
    let (to, stranger) = ("15551000001", "15559000009");
    let sent = outgoing(to, &text_to(to, "hello"));
    let fact = Fact {
        attempt: 1,
        attempted: true,
        wamid: Some("wamid.OURS".to_owned()),
        ..Fact::change(sent.id, NUMBER, SendState::Sent)
    };
    let said = |wamid, at| text(wamid, Some(to), None, at, "ok");
    let heard = |wamid, to| status(wamid, "delivered", NOON, to);
    let bodies = [
        messages(&[said("wamid.A", NOON), said("wamid.B", NOON + 1)]),
        echoes(&[echo("wamid.PHONE", to, NOON)]),
        statuses(&[
            heard("wamid.PHONE", stranger),
            heard("wamid.OURS", stranger),
        ]),
        // Sent by another system.
        statuses(&[heard("wamid.THEIRS", to), heard("wamid.NOBODYS", stranger)]),
    ];
    let webhooks = bodies.map(|body| Envelope::webhook(Uuid::now_v7(), SystemTime::now(), body));
    let mut entries = vec![sent.into_envelope(), fact.into_envelope()];
    entries.extend(webhooks);
    entries
}

async fn enqueue(stage: &Stage, entries: &[Envelope]) {
    let (enqueuer, _task) = Enqueuer::start(stage.redis.clone(), &InboxSettings::default());
    for entry in entries {
        enqueuer.enqueue(entry.clone()).await.unwrap();
    }
}

/// What was told, by the id of the effect.
async fn words(stage: &Stage) -> BTreeMap<String, Value> {
    let events = stage.events().await;
    events
        .into_iter()
        .map(|event| (event.id, event.data))
        .collect()
}
