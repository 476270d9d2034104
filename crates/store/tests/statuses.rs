//! Statuses: whatever the order, the same end.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

mod support;

use std::time::SystemTime;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use support::*;
use waypost_model::DeliveryStatus;
use waypost_store::{Item, StatusRow};

const LADDER: [(&str, u64); 5] = [
    ("sent", 10),
    ("delivered", 20),
    ("read", 30),
    ("played", 40),
    ("failed", 50),
];

/// What a sent message looks like once its statuses are projected.
#[derive(Debug, PartialEq, Eq)]
struct State {
    status: Option<String>,
    times: [Option<SystemTime>; 5],
    error_code: Option<i64>,
}

async fn state(f: &Fixture, wamid: &str) -> State {
    let row = f
        .sql
        .query_one(
            "SELECT status, error_code, sent_at, delivered_at, read_at, played_at, failed_at FROM messages WHERE wamid = $1",
            &[&wamid],
        )
        .await
        .unwrap();
    State {
        status: row.get(0),
        error_code: row.get(1),
        times: std::array::from_fn(|i| row.get(i + 2)),
    }
}

/// The message itself is the sixth event: it may come before, between or after its statuses.
#[tokio::test]
async fn every_order_of_message_and_statuses_ends_alike() {
    let f = fixture().await;
    let orders = permutations(&[0, 1, 2, 3, 5]);
    let wamids: Vec<String> = (0..orders.len()).map(|i| format!("w{i:03}")).collect();
    // Step by step, all orders at once: each step is a commit of its own.
    for step in 0..5 {
        let items = orders
            .iter()
            .zip(&wamids)
            .map(|(order, wamid)| match order[step] {
                5 => Item::Message(sent(wamid, phone("1"))),
                rung => Item::Status(status(wamid, LADDER[rung].0, LADDER[rung].1)),
            });
        f.write(items.collect()).await;
    }
    for wamid in &wamids {
        let end = state(&f, wamid).await;
        assert_eq!(end.status.as_deref(), Some("played"), "{wamid}");
        let times = [Some(at(10)), Some(at(20)), Some(at(30)), Some(at(40)), None];
        assert_eq!(end.times, times);
    }
}

#[tokio::test]
async fn a_failure_is_terminal_in_every_order() {
    let f = fixture().await;
    let orders = permutations(&[0, 1, 4]);
    let wamids: Vec<String> = (0..orders.len()).map(|i| format!("w{i}")).collect();
    f.write(messages(
        wamids.iter().map(|w| sent(w, phone("1"))).collect(),
    ))
    .await;
    for step in 0..3 {
        let rows = orders.iter().zip(&wamids).map(|(order, wamid)| {
            let (word, when) = LADDER[order[step]];
            StatusRow {
                error_code: (word == "failed").then_some(131_026),
                ..status(wamid, word, when)
            }
        });
        f.write(statuses(rows.collect())).await;
    }
    for wamid in &wamids {
        let end = state(&f, wamid).await;
        assert_eq!(end.status.as_deref(), Some("failed"));
        assert_eq!(end.error_code, Some(131_026));
        assert_eq!(
            end.times,
            [Some(at(10)), Some(at(20)), None, None, Some(at(50))]
        );
    }
}

#[tokio::test]
async fn an_early_status_waits_for_its_message() {
    let f = fixture().await;
    let outcomes = f.write(statuses(vec![status("w1", "delivered", 20)])).await;
    assert_eq!(stored(&outcomes), 1);
    f.write(messages(vec![sent("w1", phone("1"))])).await;
    assert_eq!(state(&f, "w1").await.status.as_deref(), Some("delivered"));
}

#[tokio::test]
async fn unknown_words_are_kept_and_move_nothing() {
    let f = fixture().await;
    f.write(messages(vec![sent("w1", phone("1"))])).await;
    f.write(statuses(vec![
        status("w1", "sent", 1),
        status("w1", "teleported", 2),
    ]))
    .await;
    assert_eq!(state(&f, "w1").await.status.as_deref(), Some("sent"));
    assert_eq!(
        f.count("SELECT count(*) FROM message_statuses WHERE status = 'teleported'")
            .await,
        1
    );
}

#[tokio::test]
async fn the_earliest_time_of_each_status_is_kept_over_the_members_of_a_group() {
    let f = fixture().await;
    f.write(messages(vec![sent("w1", phone("1"))])).await;
    let member = |who, word, when| StatusRow {
        participant: Some(who),
        ..status("w1", word, when)
    };
    let rows = vec![
        member("a", "delivered", 9),
        member("b", "delivered", 5),
        member("a", "read", 12),
    ];
    let outcomes = f.write(statuses(rows)).await;
    assert_eq!(stored(&outcomes), 3);
    let end = state(&f, "w1").await;
    assert_eq!(end.status.as_deref(), Some("read"));
    assert_eq!(end.times[1..3], [Some(at(5)), Some(at(12))]);
}

#[tokio::test]
async fn a_status_never_touches_what_came_in() {
    let f = fixture().await;
    f.write(messages(vec![text("w1", phone("1"), 0)])).await;
    f.write(statuses(vec![status("w1", "read", 9)])).await;
    assert_eq!(state(&f, "w1").await.status, None);
}

#[tokio::test]
async fn history_starts_where_it_stood() {
    let f = fixture().await;
    let mut row = sent("w1", phone("1"));
    row.status = Some(DeliveryStatus::Read);
    f.write(messages(vec![row])).await;
    f.write(statuses(vec![status("w1", "delivered", 20)])).await;
    let end = state(&f, "w1").await;
    assert_eq!(end.status.as_deref(), Some("read"));
    assert_eq!(end.times[1], Some(at(20)));
}

/// Whoever stored the rows died before projecting: a redelivery makes up for it, and so does the maintenance.
#[tokio::test]
async fn a_projection_that_was_missed_is_made_up_for() {
    let f = fixture().await;
    let undo = "UPDATE messages SET status = NULL, sent_at = NULL, delivered_at = NULL";
    f.write(messages(vec![sent("w1", phone("1"))])).await;
    let heard = status("w1", "delivered", 20);
    f.write(statuses(vec![heard.clone()])).await;
    f.sql.batch_execute(undo).await.unwrap();
    let outcomes = f.write(statuses(vec![heard])).await;
    assert_eq!(known(&outcomes), 1);
    assert_eq!(state(&f, "w1").await.status.as_deref(), Some("delivered"));
    f.sql.batch_execute(undo).await.unwrap();
    assert_eq!(f.store.maintain().await.unwrap().projected, 1);
    assert_eq!(state(&f, "w1").await.status.as_deref(), Some("delivered"));
    // And once is enough.
    assert_eq!(f.store.maintain().await.unwrap().projected, 0);
}

/// Random statuses of few messages, written by many at once in random batches: the end is what the model's ladder says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_writers_agree_with_the_model() {
    let f = fixture().await;
    let mut runner = TestRunner::deterministic();
    let heard = proptest::collection::vec((0..8_usize, 0..5_usize, 0..6_u64), 120);
    for round in 0..6 {
        let heard = heard.new_tree(&mut runner).unwrap().current();
        let wamids: Vec<String> = (0..8).map(|i| format!("r{round}w{i}")).collect();
        let mut items: Vec<Item<'_>> = heard
            .iter()
            .map(|(message, rung, member)| {
                Item::Status(StatusRow {
                    participant: Some(
                        ["a", "b", "c", "d", "e", "f"][usize::try_from(*member).unwrap()],
                    ),
                    ..status(&wamids[*message], LADDER[*rung].0, LADDER[*rung].1 + member)
                })
            })
            .collect();
        for (i, wamid) in wamids.iter().enumerate() {
            items.insert(i * 13, Item::Message(sent(wamid, phone("1"))));
        }
        let batches = items.chunks(16).map(|chunk| f.write(chunk.to_vec()));
        futures_util::future::join_all(batches).await;
        for (i, wamid) in wamids.iter().enumerate() {
            let of_it = || heard.iter().filter(|(message, ..)| *message == i);
            let model = of_it()
                .map(|(_, rung, _)| DeliveryStatus::parse(LADDER[*rung].0))
                .reduce(DeliveryStatus::advance);
            let end = state(&f, wamid).await;
            assert_eq!(
                end.status.as_deref(),
                model.as_ref().map(DeliveryStatus::as_str)
            );
            for (rung, time) in end.times.iter().enumerate() {
                let earliest = of_it()
                    .filter(|(_, r, _)| *r == rung)
                    .map(|(_, r, m)| at(LADDER[*r].1 + m))
                    .min();
                assert_eq!(*time, earliest);
            }
        }
    }
}
