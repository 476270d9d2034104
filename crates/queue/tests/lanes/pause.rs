//! A pause is obeyed at once, by everybody.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use waypost_queue::{LaneConsumer, LaneReserved};

use crate::common::*;

/// When a dispatcher began its last reservation that brought anything, and when it first heard of the pause.
struct Seen {
    last: Option<Instant>,
    paused: Option<Instant>,
}

/// Does what a dispatcher does, until told to stop.
async fn dispatch(dispatcher: LaneConsumer, stop: Arc<AtomicBool>) -> Seen {
    let mut waiter = dispatcher.waiter();
    let mut seen = Seen {
        last: None,
        paused: None,
    };
    while !stop.load(Ordering::Relaxed) {
        let begun = Instant::now();
        match dispatcher.reserve(1).await.unwrap() {
            LaneReserved::Turns(turns) => {
                seen.last = Some(begun);
                done(&dispatcher, &turns).await;
            }
            LaneReserved::Empty(due) => waiter.wait(due).await.unwrap(),
            LaneReserved::Paused => {
                seen.paused.get_or_insert_with(Instant::now);
                tokio::time::sleep(Duration::from_millis(250)).await;
            }
        }
    }
    seen
}

async fn pause_among(lanes: &Lanes, busy: bool, number: Option<&str>) {
    let stop = Arc::new(AtomicBool::new(false));
    let mut dispatchers = Vec::new();
    for _ in 0..4 {
        let dispatcher = lanes.dispatcher().await;
        dispatchers.push(tokio::spawn(dispatch(dispatcher, Arc::clone(&stop))));
    }
    if busy {
        for person in 0..300 {
            lanes.put(message(NUMBER, &person.to_string())).await;
        }
    } else {
        // All of them wait, blocked in Redis.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let changed = match number {
        Some(number) => lanes.outbox.pause_number(number, "test", "").await,
        None => lanes.outbox.pause("test", "").await,
    };
    assert!(changed.unwrap());
    let paused = Instant::now();
    for person in 300..320 {
        lanes.put(message(NUMBER, &person.to_string())).await;
    }
    let waits = lanes.stats().await.waiting;
    tokio::time::sleep(Duration::from_millis(1_300)).await;
    assert_eq!(lanes.stats().await.waiting, waits);
    stop.store(true, Ordering::Relaxed);
    for dispatcher in dispatchers {
        let seen = dispatcher.await.unwrap();
        assert!(seen.last.is_none_or(|begun| begun < paused));
        if number.is_none() {
            let heard = seen.paused.unwrap().saturating_duration_since(paused);
            assert!(heard < Duration::from_secs(1), "{heard:?}");
        }
    }
    match number {
        Some(number) => lanes.outbox.resume_number(number).await.unwrap(),
        None => lanes.outbox.resume().await.unwrap(),
    };
    let dispatcher = lanes.dispatcher().await;
    let mut left = waits;
    while left > 0 {
        let turns = await_turns(&dispatcher, 100).await;
        left -= turns.len() as u64;
        done(&dispatcher, &turns).await;
    }
    assert!(lanes.stats().await.is_drained());
}

#[tokio::test]
async fn dispatchers_that_wait_take_nothing_after_a_pause() {
    pause_among(&lanes(free()).await, false, None).await;
}

#[tokio::test]
async fn dispatchers_at_work_take_nothing_after_a_pause() {
    pause_among(&lanes(free()).await, true, None).await;
}

#[tokio::test]
async fn nor_do_they_after_a_pause_of_the_number() {
    pause_among(&lanes(free()).await, true, Some(NUMBER)).await;
}

#[tokio::test]
async fn who_paused_when_and_why_and_the_first_one_counts() {
    let lanes = parted(2).await;
    assert!(lanes.outbox.pause("ann", "a look").await.unwrap());
    assert!(!lanes.outbox.pause("bob", "another").await.unwrap());
    let stats = lanes.stats().await;
    let pause = stats.pause.unwrap();
    assert_eq!((&*pause.by, &*pause.reason), ("ann", "a look"));
    assert!(stats.partitions.iter().all(|partition| partition.paused));
    assert!(lanes.outbox.resume().await.unwrap());
    assert!(!lanes.outbox.resume().await.unwrap());
    assert!(lanes.stats().await.pause.is_none());

    lanes.put(message(NUMBER, "1")).await;
    assert!(
        lanes
            .outbox
            .pause_number(NUMBER, "ann", "a look")
            .await
            .unwrap()
    );
    assert!(!lanes.outbox.pause_number(NUMBER, "bob", "").await.unwrap());
    let number = lanes.outbox.number(NUMBER).await.unwrap();
    assert_eq!(number.pause.unwrap().reason, "a look");
    // Whoever starts a number does not resume it.
    assert!(!lanes.outbox.start_number(NUMBER).await.unwrap());
    assert!(lanes.outbox.resume_number(NUMBER).await.unwrap());
    assert!(!lanes.outbox.resume_number(NUMBER).await.unwrap());
}
