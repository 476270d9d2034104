//! Postgres and Redis away while messages are sent.

use std::time::Duration;

use waypost_chaos::{Draft, Outbound, Weather, hasty};
use waypost_e2e::Stage;
use waypost_harness::{AppendFsync, eventually, private_postgres, private_redis};

use crate::HEALED;

fn crowd(first: usize, count: usize) -> Vec<Draft> {
    (first..first + count)
        .map(|i| Draft::new("200000000000001", &format!("+4915{:08}", i % 200)))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_postgres_sending_goes_on_and_the_history_is_complete_afterwards() {
    let mut postgres = private_postgres().await;
    let stage = Stage::on_postgres(&postgres.url()).await;
    let way = Outbound::on(hasty(stage).with("limits.number", "200")).await;
    let _worker = way.stage.services.worker_process().await;
    let _dispatcher = way.stage.services.dispatcher_process().await;
    let mut posted = way.post(&crowd(0, 500)).await;
    let away = tokio::time::Instant::now();
    postgres.kill().await.unwrap();
    let before = way.graph.accepted_count();
    posted.extend(way.post(&crowd(500, 2_500)).await);
    eventually(HEALED, "messages are sent without Postgres", async || {
        way.graph.accepted_count() > before + 2_000
    })
    .await;
    // Not for luck: twenty seconds are the promise.
    tokio::time::sleep_until(away + Duration::from_secs(20)).await;
    postgres.restart().await.unwrap();
    way.settled(Duration::from_secs(90)).await;
    way.are_in_order(&posted);
    let states = way.states().await;
    assert_eq!(states.len(), posted.len());
    assert!(states.values().all(|s| s.as_deref() == Some("sent")));
    let read = "SELECT count(*) FROM messages WHERE state = 'sent' AND status = 'read'";
    assert_eq!(way.stage.count(read).await as usize, posted.len());
    let attempts = "SELECT count(DISTINCT message_id) FROM message_attempts";
    assert_eq!(way.stage.count(attempts).await as usize, posted.len());
    let twice = way
        .taken()
        .values()
        .filter(|copies| copies.len() > 1)
        .count();
    assert_eq!(twice, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_accepted_request_is_lost_when_redis_restarts() {
    let mut redis = private_redis(AppendFsync::Always).await;
    let stage = Stage::on_redis(&redis.url()).await;
    let way = Outbound::on(hasty(stage).with("limits.number", "300")).await;
    let _worker = way.stage.services.worker_process().await;
    let _dispatchers = [
        way.stage.services.dispatcher_process().await,
        way.stage.services.dispatcher_process().await,
    ];
    let posting = async { way.post(&crowd(0, 4_000)).await };
    let mut weather = Weather::new();
    let restarting = async {
        for restart in 1..=4 {
            eventually(HEALED, "messages are sent", async || {
                way.graph.accepted_count() > restart * 400
            })
            .await;
            weather.pass(0, 300).await;
            redis.kill().await.unwrap();
            weather.pass(100, 800).await;
            redis.restart().await.unwrap();
        }
    };
    let (posted, ()) = tokio::join!(posting, restarting);
    way.settled(Duration::from_secs(120)).await;
    way.are_in_order(&posted);
    let (states, taken) = (way.states().await, way.taken());
    for message in &posted {
        let state = states.get(&message.id.to_string());
        let state = state.and_then(Option::as_deref);
        assert!(matches!(state, Some("sent" | "dead")), "{state:?}");
        let copies = taken.get(&message.id).map_or(0, Vec::len);
        assert!(
            copies <= 1 && (copies == 1 || state == Some("dead")),
            "{copies} {state:?}"
        );
    }
}
