//! A worker dies between its commit and its events. The moment is too short to hit, so it is staged: the row comes in
//! over another queue, whose events nobody here hears, and the entry is held by a consumer that never says anything again.

use waypost_e2e::Stage;
use waypost_e2e::webhook::{NOON, messages, text};
use waypost_harness::eventually;
use waypost_queue::{Consumer, InboxSettings, Reserved};

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
    let lease = InboxSettings {
        lease: std::time::Duration::from_secs(3),
        ..InboxSettings::default()
    };
    let dying = Consumer::join(&stage.redis, &lease, 0).await.unwrap();
    let Reserved::Batch(batch) = dying.reserve(1, 1 << 20).await.unwrap() else {
        panic!("nothing to reserve");
    };
    assert_eq!(batch.entries.len(), 1);

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
