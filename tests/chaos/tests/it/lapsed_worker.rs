//! A worker that stands still for longer than its lease: others have what it held, and its late word counts for nothing.

use std::time::{Duration, Instant};

use waypost_chaos::{Load, Weather};
use waypost_e2e::Stage;
use waypost_e2e::webhook::{NOON, messages, text};
use waypost_harness::eventually;

use crate::network::before;
use crate::{HEALED, short_lease};

/// What the design promises.
const RELIEVED: Duration = Duration::from_secs(15);

const REFUSED: &str = "acknowledgement refused";

/// The worker is caught with a batch in its hands: its way to Postgres is silent before the batch comes.
#[tokio::test(flavor = "multi_thread")]
async fn its_entries_go_to_another_within_fifteen_seconds_and_its_late_ack_is_refused() {
    // With the lease as it is by default.
    let stage = Stage::new().await;
    let proxy = before(stage.database_url()).await;
    let slow = stage
        .services
        .clone()
        .with("postgres.url", proxy.url(stage.database_url()));
    let ingress = stage.services.ingress_process().await;
    let stopped = slow.worker_process().await;
    proxy.blackhole();
    let items: Vec<_> = (0..50)
        .map(|n| {
            let wamid = format!("wamid.{n}");
            text(&wamid, Some("15551000001"), None, NOON + n, &wamid)
        })
        .collect();
    for items in items.chunks(20) {
        let answer = ingress.client().post(messages(items)).await.unwrap();
        assert_eq!(answer, 200);
    }
    eventually(HEALED, "the worker holds all of it", async || {
        let stats = stage.stats().await;
        (stats.active, stats.waiting) == (3, 0)
    })
    .await;
    stopped.process.signal("STOP");
    let stood_still = Instant::now();
    let relief = stage.services.worker_process().await;
    eventually(HEALED, "another has done it", async || {
        stage.count("SELECT count(*) FROM messages").await == 50
    })
    .await;
    let took = stood_still.elapsed();
    assert!(took < RELIEVED, "relieved after {took:?}");
    assert_eq!(stage.stats().await.handed_back, 3);
    stage.drained(HEALED).await;
    assert!(
        relief
            .process
            .log()
            .contains("taken over from a lapsed worker")
    );
    let before = stage.stats().await;

    proxy.heal();
    stopped.process.signal("CONT");
    eventually(HEALED, "its late acknowledgement is refused", async || {
        stopped.process.log().contains(REFUSED)
    })
    .await;
    let after = stage.stats().await;
    assert_eq!(
        (after.completed, after.handed_back),
        (before.completed, before.handed_back)
    );
    assert_eq!(stage.count("SELECT count(*) FROM messages").await, 50);
    assert_eq!(stage.summary().await.failed, 0);
    // It is back under a new name, and of use.
    eventually(HEALED, "both work again", async || {
        stage.stats().await.consumers == 2
    })
    .await;
    drop(relief);
    let last = text("wamid.LAST", Some("15551000001"), None, NOON, "last");
    let answer = ingress.client().post(messages(&[last])).await.unwrap();
    assert_eq!(answer, 200);
    eventually(HEALED, "it works again", async || {
        stage.count("SELECT count(*) FROM messages").await == 51
    })
    .await;
}

/// Stopped at any moment, in the middle of a transaction too, whose locks then stay.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_stands_still_in_any_moment_holds_nobody_up() {
    let stage = short_lease(Stage::new().await);
    let ingress = stage.services.ingress_process().await;
    let mut weather = Weather::new();
    let load = Load::start(&stage.inbox, vec![ingress.client()]);
    let mut stopped = Vec::new();
    let mut working = stage.services.worker_process().await;
    for _ in 0..4 {
        weather.pass(300, 900).await;
        let next = stage.services.worker_process().await;
        working.process.signal("STOP");
        stopped.push(std::mem::replace(&mut working, next));
    }
    let sent = load.stop().await;
    // Nobody has been woken up yet.
    stage.drained(HEALED).await;
    sent.is_there_exactly_once(&stage).await;
    for worker in &stopped {
        worker.process.signal("CONT");
    }
    eventually(HEALED, "all are back", async || {
        stage.stats().await.consumers == 5
    })
    .await;
    stage.drained(HEALED).await;
    sent.is_there_exactly_once(&stage).await;
    sent.was_told(&stage).await;
}
