//! The circuit breaker: opens, probes, closes.

use std::time::{Duration, Instant};

use waypost_queue::{Cause, LaneConsumer, LaneSettings, Signal, Turn};

use crate::common::*;

fn quick() -> LaneSettings {
    LaneSettings {
        breaker_open: Duration::from_millis(300),
        breaker_longest: Duration::from_millis(600),
        ..free()
    }
}

async fn fail(dispatcher: &LaneConsumer, turns: &[Turn], signal: Signal) {
    for turn in turns {
        let mut ending = ending(turn, later(0));
        ending.signal = signal;
        dispatcher.settle(&[ending]).await.unwrap();
    }
}

#[tokio::test]
async fn it_opens_probes_and_closes() {
    let lanes = lanes(quick()).await;
    for phone in 0..30 {
        lanes.put(message(NUMBER, &phone.to_string())).await;
    }
    lanes.put(message("2", "1")).await;
    let dispatcher = lanes.dispatcher().await;
    let turns = take(&dispatcher, 31).await;
    let ours: Vec<Turn> = turns
        .into_iter()
        .filter(|t| t.phone_number_id() == NUMBER)
        .collect();
    fail(&dispatcher, &ours[..19], Signal::Failure).await;
    assert_eq!(lanes.outbox.number(NUMBER).await.unwrap().breaker, None);
    let opened = Instant::now();
    fail(&dispatcher, &ours[19..20], Signal::Failure).await;
    let breaker = lanes.outbox.number(NUMBER).await.unwrap().breaker;
    assert_eq!(breaker.as_deref(), Some("open"));
    assert!(take(&dispatcher, 50).await.is_empty());
    lanes.put(message("2", "2")).await;
    assert_eq!(take(&dispatcher, 50).await.len(), 1, "others go");

    let probe = await_turns(&dispatcher, 50).await;
    assert!(opened.elapsed() >= Duration::from_millis(290));
    assert_eq!(causes(&probe), [Cause::Probe]);
    assert!(
        take(&dispatcher, 50).await.is_empty(),
        "one probe at a time"
    );
    let failed = Instant::now();
    fail(&dispatcher, &probe, Signal::Failure).await;
    let probe = await_turns(&dispatcher, 50).await;
    assert!(
        failed.elapsed() >= Duration::from_millis(590),
        "twice as long"
    );
    assert_eq!(causes(&probe), [Cause::Probe]);
    done(&dispatcher, &probe).await;
    assert_eq!(lanes.outbox.number(NUMBER).await.unwrap().breaker, None);
    let rest = take(&dispatcher, 50).await;
    assert!(rest.len() >= 19, "{}", rest.len());
    assert!(causes(&rest).iter().all(|cause| *cause == Cause::Send));
}

#[tokio::test]
async fn answers_of_any_kind_keep_it_closed() {
    let lanes = lanes(quick()).await;
    for phone in 0..60 {
        lanes.put(message(NUMBER, &phone.to_string())).await;
    }
    let dispatcher = lanes.dispatcher().await;
    let turns = take(&dispatcher, 60).await;
    fail(&dispatcher, &turns[..30], Signal::Success).await;
    fail(&dispatcher, &turns[30..], Signal::Failure).await;
    assert_eq!(lanes.outbox.number(NUMBER).await.unwrap().breaker, None);
}
