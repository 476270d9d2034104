//! Clearing takes what waited at a moment, all of it and nothing else.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

mod common;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use common::{Queue, at, bodies, queue, queue_with, short_lease, take};
use uuid::Uuid;
use waypost_harness::{AppendFsync, eventually, private_redis};
use waypost_queue::{Cleared, Consumer, Envelope, InboxSettings, Reserved, Settlement};

const LONG_AGO: Duration = Duration::from_secs(3_600);

fn received(at: SystemTime, body: &str) -> Envelope {
    Envelope::webhook(Uuid::now_v7(), at, Bytes::from(body.to_owned()))
}

async fn put(queue: &Queue, envelopes: Vec<Envelope>) {
    let all = envelopes.into_iter().map(|e| queue.enqueuer.enqueue(e));
    // In order: the enqueuer keeps that of the calls.
    let mut calls: Vec<_> = all.map(Box::pin).collect();
    for call in &mut calls {
        call.await.unwrap();
    }
}

/// Everything that is left, oldest first.
async fn drain(consumer: &Consumer) -> Vec<String> {
    let mut left = Vec::new();
    while let Reserved::Batch(batch) = consumer.reserve(100, 1 << 24).await.unwrap() {
        left.extend(bodies(&batch));
        consumer.settle(&batch, &Settlement::new()).await.unwrap();
    }
    left
}

#[tokio::test]
async fn what_is_held_dead_or_younger_stays() {
    let queue = queue().await;
    queue
        .put(&["held", "delayed", "dead", "waits", "waits"])
        .await;
    let consumer = queue.consumer().await;
    let held = take(&consumer, 1).await;
    let two = take(&consumer, 2).await;
    let mut settlement = Settlement::new();
    let entry = |i: usize| two.entries[i].envelope.as_ref().unwrap().clone();
    settlement.delay(entry(0), Duration::from_secs(60), 8192);
    settlement.bury(waypost_queue::DeadLetter {
        envelope: entry(1),
        class: "rejected".to_owned(),
        buried_at: SystemTime::now(),
        message_id: None,
    });
    settlement.not_completed();
    settlement.not_completed();
    consumer.settle(&two, &settlement).await.unwrap();
    let until = SystemTime::now();
    put(
        &queue,
        vec![received(until + Duration::from_millis(5), "younger")],
    )
    .await;

    let expected = Cleared {
        waiting: 2,
        delayed: 1,
    };
    assert_eq!(queue.inbox.would_clear(until).await.unwrap(), expected);
    assert_eq!(queue.inbox.would_clear(until).await.unwrap(), expected);
    assert_eq!(queue.inbox.clear(until).await.unwrap(), expected);
    assert_eq!(queue.inbox.clear(until).await.unwrap(), Cleared::default());
    let stats = queue.inbox.stats().await.unwrap();
    assert_eq!((stats.waiting, stats.active, stats.delayed), (1, 1, 0));
    assert_eq!((stats.dead, stats.cleared, stats.accepted), (1, 3, 6));
    consumer.settle(&held, &Settlement::new()).await.unwrap();
    assert_eq!(drain(&consumer).await, ["younger"]);
}

/// More than one script looks at, of all sizes, old among young and the other way round.
#[tokio::test]
async fn old_ones_are_found_wherever_they_stand_and_the_order_of_the_others_stays() {
    let queue = queue().await;
    let now = SystemTime::now();
    let old = |i: usize| match i / 500 {
        // Blocks of both, then mixed ones, then single ones among the other kind.
        0 | 2 => true,
        1 | 3 => false,
        4 => i.is_multiple_of(2),
        5 => i.is_multiple_of(97),
        _ => !i.is_multiple_of(97),
    };
    let envelopes = (0..3_500)
        .map(|i| {
            let at = if old(i) {
                now - LONG_AGO
            } else {
                now + LONG_AGO
            };
            let size = if i.is_multiple_of(211) {
                60_000
            } else {
                i % 50
            };
            received(at, &format!("{i} {}", "x".repeat(size)))
        })
        .collect();
    put(&queue, envelopes).await;
    let old_ones = (0..3_500).filter(|i| old(*i)).count() as u64;
    assert_eq!(
        queue.inbox.would_clear(now).await.unwrap().waiting,
        old_ones
    );
    assert_eq!(queue.inbox.clear(now).await.unwrap().waiting, old_ones);
    let left = drain(&queue.consumer().await).await;
    let numbers: Vec<usize> = left
        .iter()
        .map(|body| body.split(' ').next().unwrap().parse().unwrap())
        .collect();
    assert_eq!(numbers, (0..3_500).filter(|i| !old(*i)).collect::<Vec<_>>());
}

/// Clearing while producers produce and consumers consume: nothing that came later goes, nothing goes twice, and the
/// figures add up.
#[tokio::test]
async fn nothing_that_comes_in_meanwhile_is_lost() {
    let queue = queue_with(InboxSettings {
        partitions: 2,
        ..InboxSettings::default()
    })
    .await;
    let now = SystemTime::now();
    let long_ago = now - LONG_AGO;
    put(
        &queue,
        (0..4_000)
            .map(|i| received(long_ago, &format!("old {i}")))
            .collect(),
    )
    .await;
    let produce = async {
        for i in 0..400 {
            let at = now + Duration::from_secs(1);
            let put = queue.enqueuer.enqueue(received(at, &format!("new {i}")));
            put.await.unwrap();
        }
    };
    let consume = async |partition| {
        let consumer = Consumer::join(&queue.redis, &queue.settings, partition)
            .await
            .unwrap();
        let mut got = Vec::new();
        for _ in 0..60 {
            if let Reserved::Batch(batch) = consumer.reserve(5, 1 << 20).await.unwrap() {
                got.extend(bodies(&batch));
                consumer.settle(&batch, &Settlement::new()).await.unwrap();
            }
        }
        got
    };
    let clear = async { queue.inbox.clear(now).await.unwrap() };
    let ((), cleared, mut got, more) = tokio::join!(produce, clear, consume(0), consume(1));
    got.extend(more);
    let left: Vec<Vec<String>> = futures_util::future::join_all((0..2).map(async |partition| {
        drain(
            &Consumer::join(&queue.redis, &queue.settings, partition)
                .await
                .unwrap(),
        )
        .await
    }))
    .await;
    got.extend(left.into_iter().flatten());
    let all: BTreeSet<&String> = got.iter().collect();
    assert_eq!(all.len(), got.len(), "something came twice");
    assert_eq!(
        all.iter().filter(|body| body.starts_with("new")).count(),
        400
    );
    let old = all.len() as u64 - 400;
    assert_eq!(old + cleared.waiting, 4_000);
    let stats = queue.inbox.stats().await.unwrap();
    assert_eq!((stats.accepted, stats.completed), (4_400, all.len() as u64));
    assert_eq!(stats.cleared, cleared.waiting);
}

#[tokio::test]
async fn what_a_dead_consumer_held_can_be_cleared_and_leaves_nothing_behind() {
    let queue = queue_with(short_lease()).await;
    queue.put(&["x"; 3]).await;
    let gone = queue.consumer().await;
    let _held = take(&gone, 3).await;
    let other = queue.consumer().await;
    eventually(Duration::from_secs(5), "it is handed back", async || {
        other.heartbeat().await.unwrap();
        other.reap().await.unwrap() == 3
    })
    .await;
    assert_eq!(
        queue.inbox.clear(SystemTime::now()).await.unwrap().waiting,
        3
    );
    let handbacks = queue.redis.keys().partition(0).handbacks;
    let mut exists = redis::cmd("EXISTS");
    exists.arg(handbacks);
    let left: u64 = exists
        .query_async(&mut queue.connection().await)
        .await
        .unwrap();
    assert_eq!(left, 0);
}

/// Whoever only counts counts each once, however many join and leave meanwhile.
#[tokio::test]
async fn counting_counts_nothing_twice() {
    let queue = queue().await;
    let now = SystemTime::now();
    let long_ago = now - LONG_AGO;
    // Large enough for many windows.
    let body = "x".repeat(6_000);
    let old = (0..3_000).map(|_| received(long_ago, &body)).collect();
    put(&queue, old).await;
    let young = now + LONG_AGO;
    let joining = async |done: &AtomicBool| {
        let mut joined = 0;
        while !done.load(Ordering::Relaxed) {
            put(&queue, (0..10).map(|_| received(young, "new")).collect()).await;
            joined += 10;
        }
        joined
    };
    let counting = async |done: &AtomicBool| {
        let mut counted = Vec::new();
        for _ in 0..5 {
            counted.push(queue.inbox.would_clear(now).await.unwrap().waiting);
        }
        done.store(true, Ordering::Relaxed);
        counted
    };
    let done = AtomicBool::new(false);
    let (joined, counted) = tokio::join!(joining(&done), counting(&done));
    assert!(joined > 50, "only {joined} have joined meanwhile");
    assert_eq!(counted, [3_000; 5]);

    let consumer = queue.consumer().await;
    let leaving = async |done: &AtomicBool| {
        let mut left = 0;
        while !done.load(Ordering::Relaxed) && left < 2_500 {
            let batch = take(&consumer, 5).await;
            left += batch.entries.len() as u64;
            consumer.settle(&batch, &Settlement::new()).await.unwrap();
        }
        left
    };
    let done = AtomicBool::new(false);
    let (_, left, counted) = tokio::join!(joining(&done), leaving(&done), counting(&done));
    assert!(left > 50, "only {left} have left meanwhile");
    assert!(counted.is_sorted_by(|before, after| before >= after));
    assert!(
        counted[0] <= 3_000 && counted[4] >= 3_000 - left,
        "{counted:?}"
    );
    let rest = queue.inbox.would_clear(now).await.unwrap().waiting;
    assert_eq!(rest, 3_000 - left);
}

#[tokio::test]
async fn a_full_redis_can_be_cleared() {
    let server = private_redis(AppendFsync::EverySec).await;
    let queue = at(&server.url(), "t:", InboxSettings::default()).await;
    let now = SystemTime::now();
    let mixed = (0..300).map(|i| match i % 2 {
        0 => received(now - LONG_AGO, "old"),
        _ => received(now + LONG_AGO, "young"),
    });
    put(&queue, mixed.collect()).await;
    let mut full = redis::cmd("CONFIG");
    full.arg("SET").arg("maxmemory").arg(1);
    full.exec_async(&mut queue.connection().await)
        .await
        .unwrap();
    assert_eq!(queue.inbox.clear(now).await.unwrap().waiting, 150);
    assert_eq!(queue.inbox.stats().await.unwrap().waiting, 150);
}
