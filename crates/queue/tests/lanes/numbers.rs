//! Stopped and paused numbers send nothing and lose nothing.

use std::time::{Duration, SystemTime};

use waypost_queue::{Cause, LaneReserved, NumberConfig, Stop};

use crate::common::*;

fn config(token: &str) -> NumberConfig {
    NumberConfig {
        phone_number_id: NUMBER.to_owned(),
        account: None,
        limit: None,
        token_fingerprint: token.to_owned(),
    }
}

fn refused(token: &str) -> Stop {
    Stop {
        reason: "190".to_owned(),
        token_fingerprint: token.to_owned(),
    }
}

#[tokio::test]
async fn the_refusal_of_a_token_that_was_changed_meanwhile_stops_nothing() {
    let lanes = lanes(free()).await;
    lanes.outbox.configure(&[config("old")]).await.unwrap();
    let put = lanes.put_many(NUMBER, "1", 1).await;
    let dispatcher = lanes.dispatcher().await;
    let turns = take(&dispatcher, 1).await;
    lanes.outbox.configure(&[config("new")]).await.unwrap();
    let mut stop = ending(&turns[0], later(0));
    stop.stop = Some(refused("old"));
    dispatcher.settle(&[stop]).await.unwrap();
    // After a while, in which whoever still has the old token reads the new one.
    assert!(take(&dispatcher, 1).await.is_empty());
    assert_eq!(ids(&await_turns(&dispatcher, 1).await), put);
}

#[tokio::test]
async fn a_stopped_number_waits_for_another_token() {
    let lanes = lanes(free()).await;
    lanes.outbox.configure(&[config("old")]).await.unwrap();
    let put = lanes.put_many(NUMBER, "1", 1).await;
    lanes.put(message(NUMBER, "2")).await;
    let dispatcher = lanes.dispatcher().await;
    let turns = take(&dispatcher, 1).await;
    let mut stop = ending(&turns[0], later(0));
    stop.stop = Some(refused("old"));
    dispatcher.settle(&[stop]).await.unwrap();
    assert!(take(&dispatcher, 10).await.is_empty());
    lanes.put(message(NUMBER, "3")).await;
    lanes.outbox.configure(&[config("old")]).await.unwrap();
    assert!(take(&dispatcher, 10).await.is_empty(), "the same token");
    let number = lanes.outbox.number(NUMBER).await.unwrap();
    assert_eq!(
        (number.stopped.as_deref(), number.backlog),
        (Some("190"), 3)
    );
    lanes.outbox.configure(&[config("new")]).await.unwrap();
    let turns = take(&dispatcher, 10).await;
    assert_eq!((turns.len(), turns[0].id()), (3, put[0]));
}

#[tokio::test]
async fn messages_of_a_stopped_number_expire_as_such() {
    let lanes = lanes(free()).await;
    lanes.outbox.stop_number(NUMBER, "by hand").await.unwrap();
    let mut outgoing = message(NUMBER, "1");
    outgoing.expires_at = Some(SystemTime::now() + Duration::from_millis(50));
    lanes.put(outgoing).await;
    let dispatcher = lanes.dispatcher().await;
    let turns = await_turns(&dispatcher, 10).await;
    assert_eq!(causes(&turns), [Cause::Expired { stopped: true }]);
    lanes.outbox.start_number(NUMBER).await.unwrap();
    assert_eq!(lanes.outbox.number(NUMBER).await.unwrap().stopped, None);
}

#[tokio::test]
async fn pause_of_one_and_of_all() {
    let lanes = lanes(free()).await;
    lanes.put(message(NUMBER, "1")).await;
    lanes.put(message("2", "1")).await;
    let dispatcher = lanes.dispatcher().await;
    lanes.outbox.pause_number(NUMBER, "test").await.unwrap();
    let turns = take(&dispatcher, 10).await;
    assert_eq!((turns.len(), turns[0].phone_number_id()), (1, "2"));
    done(&dispatcher, &turns).await;
    lanes.outbox.resume_number(NUMBER).await.unwrap();
    lanes.outbox.pause("test").await.unwrap();
    assert!(matches!(
        dispatcher.reserve(10).await.unwrap(),
        LaneReserved::Paused
    ));
    assert!(lanes.outbox.stats().await.unwrap().paused);
    lanes.outbox.resume().await.unwrap();
    assert_eq!(take(&dispatcher, 10).await.len(), 1);
}
