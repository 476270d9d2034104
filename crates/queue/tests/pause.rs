//! A pause is obeyed at once, by everybody.
#![allow(clippy::unwrap_used, reason = "test code")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use common::{Queue, queue, take};
use waypost_harness::eventually;
use waypost_queue::{Consumer, Reserved, Settlement, Waiter};

#[tokio::test]
async fn who_paused_when_and_why_and_the_first_one_counts() {
    let queue = queue().await;
    let before = SystemTime::now() - Duration::from_millis(1);
    assert!(queue.inbox.pause("ann", "a look").await.unwrap());
    assert!(!queue.inbox.pause("bob", "another").await.unwrap());
    let pause = queue.inbox.stats().await.unwrap().pause.unwrap();
    assert_eq!((&*pause.by, &*pause.reason), ("ann", "a look"));
    assert!(pause.since >= before && pause.since <= SystemTime::now());
    assert!(queue.inbox.resume().await.unwrap());
    assert!(!queue.inbox.resume().await.unwrap());
    assert_eq!(queue.inbox.stats().await.unwrap().pause, None);
}

#[tokio::test]
async fn one_of_an_older_version_pauses_too() {
    let queue = queue().await;
    let mut set = redis::cmd("SET");
    set.arg(queue.redis.keys().partition(0).paused);
    set.arg(r#"{"by":"ann","at_ms":1700000000000}"#);
    set.exec_async(&mut queue.connection().await).await.unwrap();
    let stats = queue.inbox.stats().await.unwrap();
    assert!(stats.paused);
    assert_eq!(stats.pause.unwrap().by, "ann");
    assert!(!queue.inbox.pause("bob", "").await.unwrap());
    assert!(queue.inbox.resume().await.unwrap());
}

/// When a consumer began its last reservation that brought anything, and when it first heard of the pause.
struct Seen {
    last_batch: Option<Instant>,
    paused: Option<Instant>,
}

/// Does what the worker does, until told to stop.
async fn consume(consumer: Consumer, stop: Arc<AtomicBool>) -> Seen {
    let mut waiter = consumer.waiter();
    let mut seen = Seen {
        last_batch: None,
        paused: None,
    };
    while !stop.load(Ordering::Relaxed) {
        let begun = Instant::now();
        match consumer.reserve(1, 1 << 20).await.unwrap() {
            Reserved::Batch(batch) => {
                seen.last_batch = Some(begun);
                consumer.settle(&batch, &Settlement::new()).await.unwrap();
            }
            Reserved::Empty(due) => waiter.wait(due).await.unwrap(),
            Reserved::Paused => {
                seen.paused.get_or_insert_with(Instant::now);
                tokio::time::sleep(Waiter::pause_probe()).await;
            }
        }
    }
    seen
}

async fn pause_among(queue: &Queue, busy: bool) {
    let stop = Arc::new(AtomicBool::new(false));
    let mut consumers = Vec::new();
    for _ in 0..4 {
        let consumer = queue.consumer().await;
        consumers.push(tokio::spawn(consume(consumer, Arc::clone(&stop))));
    }
    if busy {
        queue.put(&["x"; 500]).await;
    } else {
        // All of them wait, blocked in Redis.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    queue.inbox.pause("test", "").await.unwrap();
    let paused = Instant::now();
    queue.put(&["after"; 20]).await;
    let waits = queue.inbox.stats().await.unwrap().waiting;
    tokio::time::sleep(Duration::from_millis(1_300)).await;
    assert_eq!(queue.inbox.stats().await.unwrap().waiting, waits);
    stop.store(true, Ordering::Relaxed);
    for consumer in consumers {
        let seen = consumer.await.unwrap();
        assert!(seen.last_batch.is_none_or(|begun| begun < paused));
        let heard = seen.paused.unwrap().saturating_duration_since(paused);
        assert!(heard < Duration::from_secs(1), "{heard:?}");
    }
    queue.inbox.resume().await.unwrap();
    let consumer = queue.consumer().await;
    let mut left = waits;
    while left > 0 {
        let batch = take(&consumer, 100).await;
        left -= batch.entries.len() as u64;
        consumer.settle(&batch, &Settlement::new()).await.unwrap();
    }
    eventually(Duration::from_secs(5), "all of it went", async || {
        queue.inbox.stats().await.unwrap().is_drained()
    })
    .await;
}

#[tokio::test]
async fn consumers_that_wait_take_nothing_after_a_pause() {
    pause_among(&queue().await, false).await;
}

#[tokio::test]
async fn consumers_at_work_take_nothing_after_a_pause() {
    pause_among(&queue().await, true).await;
}
