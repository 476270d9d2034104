//! Starting, stopping, several at once.

use std::collections::BTreeSet;
use std::time::Duration;

use waypost_harness::eventually;
use waypost_model::SendState;
use waypost_sandbox::GraphSettings;

use crate::common::{SOON, Stage, attempts, graph, message};

#[tokio::test]
async fn a_stop_lets_what_is_under_way_end_and_takes_nothing_more() {
    let slow = Duration::from_millis(500)..Duration::from_millis(600);
    let graph = graph(GraphSettings {
        latency: slow,
        ..GraphSettings::default()
    })
    .await;
    let stage = Stage::at(graph.url())
        .await
        .with("dispatcher.concurrency", "10");
    let dispatcher = stage.dispatcher().await;
    let ids = stage.put_crowd(60).await;
    eventually(SOON, "requests are under way", async || {
        graph.requests() > 0
    })
    .await;
    dispatcher.stop().await;

    let stats = stage.outbox.stats().await.unwrap();
    assert_eq!((stats.active, stats.parked, stats.consumers), (0, 0, 0));
    assert_eq!(stats.completed, graph.accepted_count(), "all is settled");
    assert!(stats.backlog > 0, "it took no more than it could end");

    let _next = stage.dispatcher().await;
    stage.drained().await;
    for id in ids {
        assert_eq!(graph.accepted_by_id(id).len(), 1);
    }
}

#[tokio::test]
async fn what_is_not_answered_by_the_drain_deadline_is_unknown() {
    let minute = Duration::from_secs(60)..Duration::from_secs(61);
    let graph = graph(GraphSettings {
        latency: minute,
        ..GraphSettings::default()
    })
    .await;
    let stage = Stage::at(graph.url())
        .await
        .with("dispatcher.request_timeout", "30s")
        .with("breaker.probe", "40s")
        .with("dispatcher.drain_deadline", "200ms")
        .with("redis.timeout", "300ms");
    let dispatcher = stage.dispatcher().await;
    let id = stage.put(message("4915000001")).await;
    eventually(SOON, "a request is under way", async || {
        graph.requests() > 0
    })
    .await;
    dispatcher.stop().await;
    let facts = stage.reaches(id, SendState::Unknown).await;
    assert_eq!(attempts(&facts), [(1, "unknown", SendState::Unknown)]);
    assert_eq!(stage.outbox.stats().await.unwrap().consumers, 0);
    let _next = stage.dispatcher().await;
    stage.reaches(id, SendState::Dead).await;
    assert_eq!(graph.requests(), 1, "it was not sent again");
}

#[tokio::test(flavor = "multi_thread")]
async fn three_at_once_keep_the_order_of_each_conversation() {
    let graph = graph(GraphSettings::default()).await;
    let stage = Stage::at(graph.url()).await;
    let mut expected = Vec::new();
    for _ in 0..30 {
        for phone in ["4915000001", "4915000002", "4915000003"] {
            expected.push((phone, stage.put(message(phone)).await));
        }
    }
    let mut dispatchers = Vec::new();
    for _ in 0..3 {
        dispatchers.push(stage.dispatcher().await);
    }
    stage.drained().await;
    let accepted = graph.accepted();
    assert_eq!(accepted.len(), expected.len());
    for phone in BTreeSet::from_iter(expected.iter().map(|(phone, _)| *phone)) {
        let got: Vec<_> = accepted.iter().filter(|m| m.to == phone).collect();
        let got: Vec<_> = got.iter().filter_map(|m| m.our_id).collect();
        let want: Vec<_> = expected.iter().filter(|(to, _)| *to == phone).collect();
        let want: Vec<_> = want.iter().map(|(_, id)| *id).collect();
        assert_eq!(got, want);
    }
    for dispatcher in dispatchers {
        dispatcher.stop().await;
    }
}
