//! The same webhook many times at once, over several processes: one row, one event.

use std::collections::BTreeMap;

use futures_util::future::{join_all, try_join_all};
use waypost_e2e::Stage;
use waypost_e2e::webhook::{NOON, messages, text};

use crate::LATER;

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_times_at_once_to_two_ingresses_and_three_workers() {
    const ROUNDS: usize = 5;
    let stage = Stage::new().await;
    let ingresses = join_all((0..2).map(|_| stage.services.ingress_process())).await;
    let clients: Vec<_> = ingresses.iter().map(|ingress| ingress.client()).collect();
    let _workers = join_all((0..3).map(|_| stage.services.worker_process())).await;
    // Once is what was asked for; the chance that two workers meet over one row is small, so several times.
    for round in 0..ROUNDS {
        let wamid = format!("wamid.SAME{round}");
        let item = text(&wamid, Some("15551000001"), Some("US.1"), NOON, &wamid);
        let body = messages(&[item]);
        let posts = (0..100).map(|n| clients[n % 2].post(body.clone()));
        let answers = try_join_all(posts).await.unwrap();
        assert!(answers.iter().all(|answer| *answer == 200), "{answers:?}");
    }
    stage.drained(LATER).await;

    let stats = stage.stats().await;
    assert_eq!(stats.completed, 100 * ROUNDS as u64, "{stats:?}");
    assert_eq!(
        stage.count("SELECT count(*) FROM messages").await,
        ROUNDS as i64
    );
    let mut heard = BTreeMap::<String, usize>::new();
    for event in stage.events_of("message").await {
        *heard.entry(event.text("wamid").to_owned()).or_default() += 1;
    }
    assert_eq!(heard.len(), ROUNDS);
    assert!(heard.values().all(|times| *times == 1), "{heard:?}");
    let summary = stage.summary().await;
    assert_eq!((summary.failed, summary.contacts), (0, 1));
}
