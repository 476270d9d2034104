//! Whatever the order in which facts, statuses and the message itself are stored, the same end.

use std::time::SystemTime;

use futures_util::StreamExt;

use uuid::Uuid;
use waypost_model::{DeadClass, SendState};
use waypost_store::{FactRow, Item, StatusRow};

use crate::support::*;

const UNDO: &str = "
UPDATE messages SET state = 'accepted', state_life = 0, state_attempt = 0, state_at = received_at, state_class = NULL, error_code = NULL,
                    attempts = 0, wamid = NULL, status = NULL, sent_at = NULL, delivered_at = NULL, read_at = NULL, failed_at = NULL";

/// What a message sent through us looks like in the end.
#[derive(Debug, PartialEq)]
pub(crate) struct End {
    pub(crate) state: String,
    at: Option<SystemTime>,
    class: Option<String>,
    place: (i32, i32),
    error_code: Option<i64>,
    attempts: i32,
    wamid: Option<String>,
    status: Option<String>,
    times: [Option<SystemTime>; 4],
}

pub(crate) async fn end(f: &Fixture, id: Uuid) -> End {
    let sql = "SELECT state, state_at, state_class, state_life, state_attempt, error_code, attempts, wamid, status,
                      sent_at, delivered_at, read_at, failed_at FROM messages WHERE id = $1";
    let row = f.sql.query_one(sql, &[&id]).await.unwrap();
    End {
        state: row.get(0),
        at: row.get(1),
        class: row.get(2),
        place: (row.get(3), row.get(4)),
        error_code: row.get(5),
        attempts: row.get(6),
        wamid: row.get(7),
        status: row.get(8),
        times: std::array::from_fn(|i| row.get(i + 9)),
    }
}

pub(crate) fn sent_as(id: Uuid, attempt: u32, wamid: &str) -> FactRow<'_> {
    FactRow {
        wamid: Some(wamid),
        ..tried(id, attempt, SendState::Sent, "done")
    }
}

fn lost(id: Uuid, attempt: u32) -> FactRow<'static> {
    FactRow {
        http_status: None,
        ..tried(id, attempt, SendState::Unknown, "unknown")
    }
}

fn given_up(id: Uuid, attempt: u32) -> FactRow<'static> {
    FactRow {
        class: Some(DeadClass::Rejected),
        error_code: Some(131_026),
        error_message: Some("Message undeliverable"),
        http_status: Some(400),
        ..tried(id, attempt, SendState::Dead, "never")
    }
}

fn echoed<'a>(id: Uuid, wamid: &'a str, word: &'a str, when: u64) -> StatusRow<'a> {
    StatusRow {
        message_id: Some(id),
        ..status(wamid, word, when)
    }
}

/// A story: its events, given the message's id and Meta's, and how it must end.
type Story = (
    &'static str,
    fn(Uuid, &str) -> Vec<Item<'_>>,
    fn(&str) -> End,
);

fn stories() -> Vec<Story> {
    vec![
        ("retried, sent, delivered", retried, |wamid| End {
            state: "sent".into(),
            at: Some(at(2)),
            class: None,
            place: (0, 2),
            error_code: None,
            attempts: 2,
            wamid: Some(wamid.into()),
            status: Some("delivered".into()),
            times: [Some(at(30)), Some(at(40)), None, None],
        }),
        ("given up, replayed, sent, failed", replayed, |wamid| End {
            state: "sent".into(),
            at: Some(at(12)),
            class: None,
            place: (1, 2),
            error_code: Some(131_049),
            attempts: 2,
            wamid: Some(wamid.into()),
            status: Some("failed".into()),
            times: [None, None, None, Some(at(60))],
        }),
        ("lost, given up, proven by its echo", proven, |wamid| End {
            state: "sent".into(),
            at: Some(at(50)),
            class: None,
            place: (0, 1),
            error_code: None,
            attempts: 1,
            wamid: Some(wamid.into()),
            status: Some("read".into()),
            times: [Some(at(50)), None, Some(at(70)), None],
        }),
        ("retried and given up", buried, |_| End {
            state: "dead".into(),
            at: Some(at(2)),
            class: Some("rejected".into()),
            place: (0, 2),
            error_code: Some(131_026),
            attempts: 2,
            wamid: None,
            status: None,
            times: [None; 4],
        }),
        ("lost, held, status without our id", strange, |wamid| End {
            state: "sent".into(),
            at: Some(at(2)),
            class: None,
            place: (0, 2),
            error_code: None,
            attempts: 2,
            wamid: Some(wamid.into()),
            status: Some("sent".into()),
            times: [Some(at(30)), None, None, None],
        }),
    ]
}

fn retried(id: Uuid, wamid: &str) -> Vec<Item<'_>> {
    vec![
        Item::Send(send(id)),
        Item::Fact(tried(id, 1, SendState::Retrying, "retry")),
        Item::Fact(sent_as(id, 2, wamid)),
        Item::Status(echoed(id, wamid, "sent", 30)),
        Item::Status(echoed(id, wamid, "delivered", 40)),
    ]
}

pub(crate) fn replayed(id: Uuid, wamid: &str) -> Vec<Item<'_>> {
    let again = FactRow {
        life: 1,
        started_at: at(12),
        ..sent_as(id, 2, wamid)
    };
    let failed = StatusRow {
        error_code: Some(131_049),
        ..echoed(id, wamid, "failed", 60)
    };
    vec![
        Item::Send(send(id)),
        Item::Fact(given_up(id, 1)),
        Item::Fact(fact(id, 1, 1, SendState::Accepted)),
        Item::Fact(again),
        Item::Status(failed),
    ]
}

fn proven(id: Uuid, wamid: &str) -> Vec<Item<'_>> {
    let dead = FactRow {
        class: Some(DeadClass::Unknown),
        ..fact(id, 0, 1, SendState::Dead)
    };
    vec![
        Item::Send(send(id)),
        Item::Fact(lost(id, 1)),
        Item::Fact(dead),
        Item::Status(echoed(id, wamid, "sent", 50)),
        Item::Status(echoed(id, wamid, "read", 70)),
    ]
}

fn buried(id: Uuid, _: &str) -> Vec<Item<'_>> {
    vec![
        Item::Send(send(id)),
        Item::Fact(tried(id, 1, SendState::Retrying, "retry")),
        Item::Fact(given_up(id, 2)),
    ]
}

fn strange(id: Uuid, wamid: &str) -> Vec<Item<'_>> {
    vec![
        Item::Send(send(id)),
        Item::Fact(lost(id, 1)),
        Item::Fact(fact(id, 0, 1, SendState::Held)),
        Item::Fact(sent_as(id, 2, wamid)),
        Item::Status(status(wamid, "sent", 30)),
    ]
}

/// A message for every order of a story.
fn cast(story: usize, orders: usize) -> Vec<(Uuid, String)> {
    let one = |n| (Uuid::now_v7(), format!("s{story}w{n:03}"));
    (0..orders).map(one).collect()
}

#[tokio::test]
async fn every_order_of_arrival_ends_alike() {
    let f = fixture().await;
    for (number, (name, events, expected)) in stories().into_iter().enumerate() {
        let length = events(Uuid::nil(), "").len();
        let orders = permutations(&(0..length).collect::<Vec<_>>());
        let cast = cast(number, orders.len());
        // Step by step, all orders at once: each step is a commit of its own.
        for step in 0..length {
            let items = orders.iter().zip(&cast);
            let items = items.map(|(order, (id, wamid))| events(*id, wamid).remove(order[step]));
            f.write(items.collect()).await;
        }
        for (order, (id, wamid)) in orders.iter().zip(&cast) {
            assert_eq!(end(&f, *id).await, expected(wamid), "{name}: {order:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_at_once_end_alike() {
    let f = fixture().await;
    for (number, (name, events, expected)) in stories().into_iter().enumerate() {
        let length = events(Uuid::nil(), "").len();
        let cast = cast(number, 40);
        // As many writers as there are events; each has one event of every message, and then all of them once more.
        for _ in 0..2 {
            let batches = (0..length).map(|writer| {
                let all = cast.iter().enumerate();
                let items: Vec<_> = all
                    .map(|(n, (id, wamid))| events(*id, wamid).remove((writer + n) % length))
                    .collect();
                f.write(items)
            });
            futures_util::future::join_all(batches).await;
            for (id, wamid) in &cast {
                assert_eq!(end(&f, *id).await, expected(wamid), "{name}");
            }
        }
    }
}

/// Each event in a transaction of its own, six at a time, in an order that is nobody's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_by_one_from_several_connections_ends_alike() {
    let f = fixture().await;
    for (number, (name, events, expected)) in stories().into_iter().enumerate() {
        let cast = cast(number, 24);
        let mut items: Vec<Item<'_>> = cast
            .iter()
            .flat_map(|(id, wamid)| events(*id, wamid))
            .collect();
        // Neighbours stay near each other, so that events of one message meet.
        for i in (0..items.len()).rev() {
            items.swap(i, i.saturating_sub(i * 7 % 6));
        }
        futures_util::stream::iter(items)
            .for_each_concurrent(6, |item| async {
                f.write(vec![item]).await;
            })
            .await;
        for (id, wamid) in &cast {
            assert_eq!(end(&f, *id).await, expected(wamid), "{name}");
        }
    }
}

#[tokio::test]
async fn one_batch_with_everything_twice_has_each_effect_once() {
    let f = fixture().await;
    let id = Uuid::now_v7();
    let twice = [retried(id, "w1"), retried(id, "w1")].concat();
    let outcomes = f.write(twice).await;
    assert_eq!((stored(&outcomes), known(&outcomes)), (5, 5));
    let outcomes = f.write(retried(id, "w1")).await;
    assert_eq!(known(&outcomes), 5);
    for (table, rows) in [
        ("messages", 1),
        ("message_steps", 3),
        ("message_attempts", 2),
        ("message_statuses", 2),
    ] {
        let count = format!("SELECT count(*) FROM {table}");
        assert_eq!(f.count(&count).await, rows, "{table}");
    }
    let summary = f.store.summary().await.unwrap();
    assert_eq!(summary.sends_in("sent"), 1);
    let verdicts = summary.attempts.iter().map(|row| row.name.as_str());
    assert_eq!(verdicts.collect::<Vec<_>>(), ["done", "retry"]);
}

/// Whoever stored the rows died before projecting: a redelivery makes up for it, and so does the maintenance.
#[tokio::test]
async fn a_projection_that_was_missed_is_made_up_for() {
    let f = fixture().await;
    for (number, (name, events, expected)) in stories().into_iter().enumerate() {
        let id = Uuid::now_v7();
        let wamid = format!("w{number}");
        f.write(events(id, &wamid)).await;
        assert_eq!(end(&f, id).await, expected(&wamid), "{name}");
        f.sql.batch_execute(UNDO).await.unwrap();
        f.write(vec![events(id, &wamid).pop().unwrap()]).await;
        assert_eq!(end(&f, id).await, expected(&wamid), "{name}, redelivered");
    }
    f.sql.batch_execute(UNDO).await.unwrap();
    assert!(f.store.maintain().await.unwrap().projected >= 5);
    // And once is enough.
    assert_eq!(f.store.maintain().await.unwrap().projected, 0);
    for state in ["sent", "dead"] {
        let count = format!("SELECT count(*) FROM messages WHERE state = '{state}'");
        assert_eq!(f.count(&count).await, if state == "sent" { 4 } else { 1 });
    }
}

#[tokio::test]
async fn a_wamid_that_another_row_has_costs_nobody_his_message() {
    let f = fixture().await;
    let id = Uuid::now_v7();
    f.write(messages(vec![sent("w1", phone("4917"))])).await;
    f.write(retried(id, "w1")).await;
    let after = end(&f, id).await;
    assert_eq!((after.state.as_str(), after.wamid), ("sent", None));
    assert_eq!(after.status.as_deref(), Some("delivered"));
    // The other way round the echo is a message that is known.
    let id = Uuid::now_v7();
    f.write(retried(id, "w2")).await;
    let outcomes = f.write(messages(vec![sent("w2", phone("4917"))])).await;
    assert_eq!(known(&outcomes), 1);
    assert_eq!(end(&f, id).await.wamid.as_deref(), Some("w2"));
}

#[tokio::test]
async fn sent_again_and_taken_twice_has_one_wamid_and_the_statuses_of_both() {
    let f = fixture().await;
    let orders = permutations(&[0, 1, 2, 3]);
    let cast = cast(0, orders.len());
    for step in 0..4 {
        let items = orders.iter().zip(&cast).map(|(order, (id, wamid))| {
            let all = vec![
                Item::Send(send(*id)),
                Item::Fact(lost(*id, 1)),
                Item::Fact(sent_as(*id, 2, wamid)),
            ];
            match all.into_iter().nth(order[step]) {
                Some(item) => item,
                None => Item::Status(StatusRow {
                    message_id: Some(*id),
                    ..status(&wamid[1..], "read", 90)
                }),
            }
        });
        f.write(items.collect()).await;
    }
    for (id, wamid) in &cast {
        let after = end(&f, *id).await;
        assert_eq!((after.state.as_str(), after.place), ("sent", (0, 2)));
        // The lesser of the two.
        assert_eq!(
            after.wamid.as_ref(),
            Some(wamid).min(Some(&wamid[1..].to_owned()))
        );
        assert_eq!(after.status.as_deref(), Some("read"));
    }
}
