//! What Meta answers, and what becomes of the message.

use std::net::Ipv4Addr;
use std::time::Duration;

use bytes::Bytes;
use tokio::net::TcpListener;
use waypost_harness::{eventually, free_port};
use waypost_model::{DeadClass, Recipient, SendState};
use waypost_queue::Outgoing;
use waypost_sandbox::graph::{Effect, Fault, Filter};
use waypost_sandbox::{Graph, GraphSettings};

use crate::common::{SOON, Stage, attempts, graph, message};

/// Befalls only so many requests.
fn first(count: u64, what: Effect) -> Fault {
    let when = Filter {
        first: Some(count),
        ..Filter::default()
    };
    Fault::when(when, what)
}

#[tokio::test]
async fn a_message_is_sent_once_with_our_id_in_it() {
    let graph = graph(GraphSettings::default()).await;
    let stage = Stage::at(graph.url()).await;
    let dispatcher = stage.dispatcher().await;
    let id = stage.put(message("4915000001")).await;
    let facts = stage.reaches(id, SendState::Sent).await;

    let accepted = graph.accepted_by_id(id);
    assert_eq!(accepted.len(), 1);
    assert_eq!(attempts(&facts), [(1, "done", SendState::Sent)]);
    let fact = &facts[0];
    assert_eq!(fact.wamid.as_ref(), Some(&accepted[0].wamid));
    assert_eq!(fact.http_status, Some(200));
    assert!(fact.finished_at.is_some_and(|end| end >= fact.started_at));
    stage.drained().await;
    dispatcher.stop().await;
}

#[tokio::test]
async fn a_mark_as_read_carries_nothing_of_ours() {
    let graph = graph(GraphSettings::default()).await;
    let stage = Stage::at(graph.url()).await;
    let _dispatcher = stage.dispatcher().await;
    let mark = Outgoing {
        recipient: Recipient::Mark("0badcafe".to_owned()),
        kind: "read".to_owned(),
        body: Bytes::from_static(
            br#"{"messaging_product":"whatsapp","status":"read","message_id":"wamid.QQ=="}"#,
        ),
        ..message("4915000001")
    };
    let id = stage.put(mark).await;
    let facts = stage.reaches(id, SendState::Sent).await;
    assert_eq!(facts[0].wamid, None);
    assert_eq!((graph.marked_read(), graph.accepted_count()), (1, 0));
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    let graph = graph(GraphSettings::default()).await;
    graph.set_faults(vec![first(2, Effect::code(131_016))]);
    let stage = Stage::at(graph.url()).await;
    let _dispatcher = stage.dispatcher().await;
    let id = stage.put(message("4915000001")).await;
    let facts = stage.reaches(id, SendState::Sent).await;
    assert_eq!(
        attempts(&facts),
        [
            (1, "retry", SendState::Retrying),
            (2, "retry", SendState::Retrying),
            (3, "done", SendState::Sent)
        ]
    );
    assert_eq!(facts[0].error_code, Some(131_016));
    assert!(facts[0].next_at.is_some() && facts[0].error_message.is_some());
    assert_eq!(graph.accepted_by_id(id).len(), 1);
}

#[tokio::test]
async fn what_fails_too_often_is_a_dead_letter_with_all_its_errors() {
    let graph = graph(GraphSettings::default()).await;
    graph.set_faults(vec![Fault::always(Effect::code(131_016))]);
    let stage = Stage::at(graph.url())
        .await
        .with("dispatcher.attempts", "3");
    let _dispatcher = stage.dispatcher().await;
    let id = stage.put(message("4915000001")).await;
    let facts = stage.reaches(id, SendState::Dead).await;
    assert_eq!(facts.last().unwrap().class, Some(DeadClass::Exhausted));
    let dead = stage.dead().await;
    assert_eq!(dead[0].class, DeadClass::Exhausted);
    assert_eq!(dead[0].progress.errors.len(), 3);
    assert!(dead[0].reason.starts_with("131016: "), "{}", dead[0].reason);

    // Replayed, it has fresh attempts.
    graph.clear_faults();
    assert!(stage.outbox.replay(id).await.unwrap());
    let facts = stage.reaches(id, SendState::Sent).await;
    let sent = facts.last().unwrap();
    assert_eq!((sent.life, sent.attempt), (1, 4));
}

#[tokio::test]
async fn a_refusal_is_final_and_the_next_message_goes() {
    let graph = graph(GraphSettings::default()).await;
    graph.set_faults(vec![first(1, Effect::code(131_047))]);
    let stage = Stage::at(graph.url()).await;
    let _dispatcher = stage.dispatcher().await;
    let refused = stage.put(message("4915000001")).await;
    let next = stage.put(message("4915000001")).await;
    let facts = stage.reaches(refused, SendState::Dead).await;
    assert_eq!(attempts(&facts), [(1, "never", SendState::Dead)]);
    assert_eq!(facts[0].class, Some(DeadClass::Rejected));
    stage.reaches(next, SendState::Sent).await;
    assert_eq!(graph.requests(), 2);
}

#[tokio::test]
async fn limits_spend_no_attempt() {
    let graph = graph(GraphSettings::default()).await;
    graph.set_faults(vec![first(2, Effect::code(131_056))]);
    let stage = Stage::at(graph.url())
        .await
        .with("dispatcher.attempts", "1")
        .with("dispatcher.pair_cap", "100ms");
    let _dispatcher = stage.dispatcher().await;
    let id = stage.put(message("4915000001")).await;
    let facts = stage.reaches(id, SendState::Sent).await;
    let verdicts: Vec<&str> = attempts(&facts).iter().map(|(_, word, _)| *word).collect();
    assert_eq!(verdicts, ["slow_down", "slow_down", "done"]);
}

#[tokio::test]
async fn while_nothing_listens_the_breaker_holds_messages_back() {
    let port = free_port().unwrap();
    let stage = Stage::at(&format!("http://127.0.0.1:{port}"))
        .await
        .with("breaker.outcomes", "5")
        .with("dispatcher.attempts", "5");
    let _dispatcher = stage.dispatcher().await;
    let ids = stage.put_crowd(40).await;
    eventually(SOON, "the breaker opens", async || {
        stage.outbox.stats().await.unwrap().breaker_opened > 0
    })
    .await;

    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .unwrap();
    let graph = Graph::start(listener, GraphSettings::default()).unwrap();
    stage.drained().await;
    let dead = stage.dead().await;
    assert!(dead.is_empty(), "{} were given up", dead.len());
    assert_eq!(graph.accepted_count(), 40);
    for id in ids {
        assert_eq!(graph.accepted_by_id(id).len(), 1);
    }
}

#[tokio::test]
async fn one_slow_person_keeps_nobody_waiting() {
    let graph = graph(GraphSettings::default()).await;
    let when = Filter {
        recipient: Some("4915999999".to_owned()),
        ..Filter::default()
    };
    let slow = Effect::Slow(Duration::from_millis(800));
    graph.set_faults(vec![Fault::when(when, slow)]);
    let stage = Stage::at(graph.url()).await;
    let _dispatcher = stage.dispatcher().await;
    let slow = stage.put(message("4915999999")).await;
    let quick = stage.put(message("4915000001")).await;
    stage.reaches(quick, SendState::Sent).await;
    stage.reaches(slow, SendState::Sent).await;
    let finished = |facts: Vec<waypost_queue::Fact>| facts[0].finished_at.unwrap();
    let (quick, slow) = (stage.facts_of(quick).await, stage.facts_of(slow).await);
    assert!(finished(quick) < finished(slow));
}
