//! Nobody knows whether Meta took it: the echo tells, or else the policy decides.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use uuid::Uuid;
use waypost_harness::eventually;
use waypost_model::{DeadClass, OnUnknown, SendState};
use waypost_queue::{
    Consumer, Echo, Enqueuer, Envelope, InboxSettings, LaneConsumer, LaneReserved, Outgoing,
    Reserved,
};
use waypost_sandbox::GraphSettings;
use waypost_sandbox::graph::{Effect, Fault, Filter};

use crate::common::{NUMBER, SOON, Stage, attempts, graph, message};

fn with_policy(on_unknown: OnUnknown) -> Outgoing {
    Outgoing {
        on_unknown,
        ..message("4915000001")
    }
}

fn once(what: Effect) -> Vec<Fault> {
    let when = Filter {
        first: Some(1),
        ..Filter::default()
    };
    vec![Fault::when(when, what)]
}

#[tokio::test]
async fn a_lost_answer_is_settled_by_its_echo() {
    for lost in [Effect::HangAfterAccept, Effect::TruncatedAnswer] {
        let graph = graph(GraphSettings::default()).await;
        graph.set_faults(once(lost));
        let stage = Stage::at(graph.url())
            .await
            .with("dispatcher.unknown_deadline", "60s");
        let _dispatcher = stage.dispatcher().await;
        let id = stage.put(with_policy(OnUnknown::Fail)).await;
        let next = stage.put(with_policy(OnUnknown::Fail)).await;
        let facts = stage.reaches(id, SendState::Unknown).await;
        assert_eq!(attempts(&facts), [(1, "unknown", SendState::Unknown)]);
        assert_eq!(
            graph.requests(),
            1,
            "the next one waits until this is known"
        );

        let echo = Echo {
            id,
            phone_number_id: NUMBER.to_owned(),
        };
        assert_eq!(stage.outbox.echo(&[echo]).await.unwrap(), 1);
        stage.reaches(next, SendState::Sent).await;
        assert_eq!(graph.accepted_by_id(id).len(), 1);
        assert!(stage.dead().await.is_empty());
    }
}

#[tokio::test]
async fn without_an_echo_it_is_given_up() {
    let graph = graph(GraphSettings::default()).await;
    graph.set_faults(once(Effect::ResetAfter));
    let stage = Stage::at(graph.url()).await;
    let _dispatcher = stage.dispatcher().await;
    let id = stage.put(with_policy(OnUnknown::Fail)).await;
    let facts = stage.reaches(id, SendState::Dead).await;
    let last = facts.last().unwrap();
    assert_eq!(last.class, Some(DeadClass::Unknown));
    assert!(!last.attempted, "that was a decision");
    assert_eq!(graph.requests(), 1);
}

#[tokio::test]
async fn a_living_worker_that_waits_for_postgres_does_not_hold_up_the_decision() {
    let graph = graph(GraphSettings::default()).await;
    graph.set_faults(once(Effect::ResetAfter));
    let stage = Stage::at(graph.url())
        .await
        .with("inbox.lease", "1s")
        .with("inbox.heartbeat", "300ms");
    let settings = InboxSettings::default();
    let (enqueuer, _task) = Enqueuer::start(stage.redis.clone(), &settings);
    let webhook = Envelope::webhook(Uuid::now_v7(), SystemTime::now(), Bytes::from_static(b"{}"));
    enqueuer.enqueue(webhook).await.unwrap();
    let worker = Consumer::join(&stage.redis, &settings, 0).await.unwrap();
    let Reserved::Batch(_held) = worker.reserve(10, 1 << 20).await.unwrap() else {
        panic!("there is a webhook");
    };
    let _dispatcher = stage.dispatcher().await;
    let id = stage.put(with_policy(OnUnknown::Fail)).await;
    let facts = stage.reaches(id, SendState::Dead).await;
    assert_eq!(facts.last().unwrap().class, Some(DeadClass::Unknown));
}

#[tokio::test]
async fn or_it_is_sent_again() {
    let graph = graph(GraphSettings::default()).await;
    graph.set_faults(once(Effect::ResetBefore));
    let stage = Stage::at(graph.url()).await;
    let _dispatcher = stage.dispatcher().await;
    let id = stage.put(with_policy(OnUnknown::Resend)).await;
    let facts = stage.reaches(id, SendState::Sent).await;
    assert_eq!(
        attempts(&facts),
        [
            (1, "unknown", SendState::Unknown),
            (2, "done", SendState::Sent)
        ]
    );
    assert_eq!(graph.accepted_by_id(id).len(), 1);
}

#[tokio::test]
async fn or_it_is_held_until_somebody_knows() {
    let graph = graph(GraphSettings::default()).await;
    graph.set_faults(once(Effect::ServerError(502)));
    let stage = Stage::at(graph.url()).await;
    let _dispatcher = stage.dispatcher().await;
    let id = stage.put(with_policy(OnUnknown::Hold)).await;
    stage.reaches(id, SendState::Held).await;
    let echo = Echo {
        id,
        phone_number_id: NUMBER.to_owned(),
    };
    assert_eq!(stage.outbox.echo(&[echo]).await.unwrap(), 1);
    stage.drained().await;
    assert_eq!(graph.requests(), 1);
}

#[tokio::test]
async fn what_a_dead_dispatcher_held_is_unknown_and_never_just_sent_again() {
    let graph = graph(GraphSettings::default()).await;
    let stage = Stage::at(graph.url()).await;
    let config = stage.config();
    let dead = LaneConsumer::join(&stage.redis, &config.outbox, &config.lanes, 0)
        .await
        .unwrap();
    let id = stage.put(with_policy(OnUnknown::Fail)).await;
    let reserved = dead.reserve(1).await.unwrap();
    assert!(matches!(reserved, LaneReserved::Turns(turns) if turns.len() == 1));
    drop(dead);

    let _dispatcher = stage.dispatcher().await;
    let facts = stage.reaches(id, SendState::Unknown).await;
    assert_eq!(attempts(&facts), [(1, "unknown", SendState::Unknown)]);
    let facts = stage.reaches(id, SendState::Dead).await;
    assert_eq!(facts.last().unwrap().class, Some(DeadClass::Unknown));
    assert_eq!(graph.requests(), 0);
}

#[tokio::test]
async fn an_echo_that_comes_too_late_still_says_that_it_was_sent() {
    let graph = graph(GraphSettings::default()).await;
    graph.set_faults(once(Effect::Slow(Duration::from_secs(2))));
    let stage = Stage::at(graph.url()).await;
    let _dispatcher = stage.dispatcher().await;
    let id = stage.put(with_policy(OnUnknown::Fail)).await;
    stage.reaches(id, SendState::Dead).await;
    let echo = Echo {
        id,
        phone_number_id: NUMBER.to_owned(),
    };
    stage.outbox.echo(&[echo]).await.unwrap();
    eventually(SOON, "it rises from the dead", async || {
        stage.dead().await.is_empty()
    })
    .await;
    assert_eq!(graph.accepted_by_id(id).len(), 1);
}
