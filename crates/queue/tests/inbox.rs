//! The ordinary life of an entry, and what an operator sees and does.

mod common;

use std::time::{Duration, Instant, SystemTime};

use common::{bodies, envelope, queue, queue_with, take, take_none};
use waypost_harness::eventually;
use waypost_queue::{
    DeadFilter, DeadLetter, EnqueueError, InboxSettings, Reserved, Settled, Settlement,
};

#[tokio::test]
async fn entries_come_out_in_order_and_vanish_when_settled() {
    let queue = queue().await;
    queue.put(&["a", "b", "c"]).await;
    let consumer = queue.consumer().await;
    let first = take(&consumer, 2).await;
    let second = take(&consumer, 2).await;
    assert_eq!(bodies(&first), ["a", "b"]);
    assert_eq!(bodies(&second), ["c"]);
    let stats = queue.inbox.stats().await.unwrap();
    assert_eq!((stats.waiting, stats.active, stats.consumers), (0, 3, 1));

    let settled = consumer.settle(&first, &Settlement::new()).await.unwrap();
    assert_eq!(settled, Settled::Done);
    // A second settlement of the same batch finds nothing to settle.
    let again = consumer.settle(&first, &Settlement::new()).await.unwrap();
    assert_eq!(again, Settled::Fenced);
    consumer.settle(&second, &Settlement::new()).await.unwrap();
    let stats = queue.inbox.stats().await.unwrap();
    assert_eq!((stats.active, stats.completed), (0, 3));
    assert!(stats.is_drained());
}

#[tokio::test]
async fn a_batch_ends_at_its_bytes() {
    let queue = queue().await;
    queue.put(&["0123456789"; 10]).await;
    let consumer = queue.consumer().await;
    let Reserved::Batch(batch) = consumer.reserve(10, 100).await.unwrap() else {
        panic!("no batch");
    };
    assert!(
        (1..10).contains(&batch.entries.len()),
        "{}",
        batch.entries.len()
    );
    let Reserved::Batch(one) = consumer.reserve(10, 1).await.unwrap() else {
        panic!("no batch");
    };
    assert_eq!(one.entries.len(), 1);
}

#[tokio::test]
async fn a_waiter_wakes_at_once_and_loses_nothing_when_dropped() {
    let queue = queue().await;
    let consumer = queue.consumer().await;
    let mut waiter = consumer.waiter();
    let abandoned = waiter.wait(Duration::from_secs(1));
    let _ = tokio::time::timeout(Duration::from_millis(50), abandoned).await;

    let started = Instant::now();
    let waiting = tokio::spawn(async move {
        waiter.wait(Duration::from_secs(1)).await.unwrap();
        started.elapsed()
    });
    queue.put(&["only"]).await;
    let waited = waiting.await.unwrap();
    assert!(waited < Duration::from_millis(900), "{waited:?}");
    // Neither wait has moved the entry anywhere.
    assert_eq!(bodies(&take(&consumer, 10).await), ["only"]);
}

#[tokio::test]
async fn several_waiters_on_one_entry_all_wake_and_one_gets_it() {
    let queue = queue().await;
    let (a, b) = (queue.consumer().await, queue.consumer().await);
    let waits = [a.waiter(), b.waiter()].map(|mut waiter| {
        tokio::spawn(async move { waiter.wait(Duration::from_secs(1)).await.unwrap() })
    });
    queue.put(&["one"]).await;
    for wait in waits {
        wait.await.unwrap();
    }
    let mut got = 0;
    for consumer in [&a, &b] {
        if let Reserved::Batch(batch) = consumer.reserve(10, 1 << 20).await.unwrap() {
            got += batch.entries.len();
        }
    }
    assert_eq!(got, 1);
}

#[tokio::test]
async fn a_delayed_entry_comes_back_when_due_with_its_attempts() {
    let queue = queue().await;
    queue.put(&["again"]).await;
    let consumer = queue.consumer().await;
    let batch = take(&consumer, 1).await;
    let mut retry = batch.entries[0].envelope.as_ref().unwrap().clone();
    retry.attempts = 1;
    retry.last_error = "not yet".to_owned();
    let mut settlement = Settlement::new();
    settlement.delay(retry, Duration::from_millis(200), 8192);
    settlement.not_completed();
    consumer.settle(&batch, &settlement).await.unwrap();
    let wait = take_none(&consumer).await;
    assert!(wait <= Duration::from_millis(200), "{wait:?}");
    let stats = queue.inbox.stats().await.unwrap();
    assert_eq!((stats.delayed, stats.completed, stats.retried), (1, 0, 1));
    eventually(
        Duration::from_secs(5),
        "the entry is due",
        async || match consumer.reserve(1, 1 << 20).await.unwrap() {
            Reserved::Batch(batch) => {
                let envelope = batch.entries[0].envelope.as_ref().unwrap();
                assert_eq!(envelope.attempts, 1);
                assert_eq!(envelope.last_error, "not yet");
                true
            }
            _ => false,
        },
    )
    .await;
}

#[tokio::test]
async fn dead_letters_are_listed_replayed_once_and_purged() {
    let queue = queue().await;
    queue.put(&["x", "y"]).await;
    let consumer = queue.consumer().await;
    let batch = take(&consumer, 2).await;
    let mut settlement = Settlement::new();
    for (entry, class) in batch.entries.iter().zip(["malformed", "rejected"]) {
        settlement.bury(DeadLetter {
            envelope: entry.envelope.as_ref().unwrap().clone(),
            class: class.to_owned(),
            buried_at: SystemTime::now(),
            message_id: None,
        });
    }
    consumer.settle(&batch, &settlement).await.unwrap();
    let dead = queue.inbox.dead_letters().remove(0);
    assert_eq!(dead.list(&DeadFilter::default()).await.unwrap().len(), 2);
    let rejected = DeadFilter {
        class: Some("rejected".to_owned()),
        ..DeadFilter::default()
    };
    let found = dead.list(&rejected).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(&found[0].envelope.body[..], b"y");

    let id = found[0].envelope.id;
    assert!(dead.replay(id).await.unwrap());
    assert!(!dead.replay(id).await.unwrap(), "a replay happens once");
    let replayed = take(&consumer, 10).await;
    assert_eq!(bodies(&replayed), ["y"]);
    assert_eq!(replayed.entries[0].envelope.as_ref().unwrap().attempts, 0);

    let other = dead.list(&DeadFilter::default()).await.unwrap()[0]
        .envelope
        .id;
    assert!(dead.purge(other).await.unwrap());
    assert_eq!(queue.inbox.stats().await.unwrap().dead, 0);
}

#[tokio::test]
async fn a_paused_queue_takes_in_and_gives_nothing_out() {
    let queue = queue().await;
    let consumer = queue.consumer().await;
    assert!(queue.inbox.pause("test", "").await.unwrap());
    queue.put(&["held"]).await;
    assert!(matches!(
        consumer.reserve(1, 1024).await.unwrap(),
        Reserved::Paused
    ));
    assert!(queue.inbox.stats().await.unwrap().paused);
    assert!(queue.inbox.resume().await.unwrap());
    assert_eq!(bodies(&take(&consumer, 1).await), ["held"]);
}

#[tokio::test]
async fn a_full_backlog_refuses_and_recovers() {
    let queue = queue_with(InboxSettings {
        max_backlog: 3,
        ..InboxSettings::default()
    })
    .await;
    queue.put(&["1", "2", "3"]).await;
    let refused = queue.enqueuer.enqueue(envelope("4")).await;
    assert!(matches!(refused, Err(EnqueueError::Backlog { limit: 3 })));
    let consumer = queue.consumer().await;
    let batch = take(&consumer, 2).await;
    consumer.settle(&batch, &Settlement::new()).await.unwrap();
    queue.put(&["5"]).await;
}

#[tokio::test]
async fn oldest_age_is_that_of_the_entry_that_waits_longest() {
    let queue = queue().await;
    let mut old = envelope("old");
    old.received_at -= Duration::from_secs(100);
    queue.enqueuer.enqueue(old).await.unwrap();
    queue.put(&["new"]).await;
    let oldest = queue.inbox.stats().await.unwrap().oldest().unwrap();
    assert!((100..110).contains(&oldest.as_secs()), "{oldest:?}");
}

#[tokio::test]
async fn partitions_share_the_load_and_the_figures_add_up() {
    let queue = queue_with(InboxSettings {
        partitions: 3,
        ..InboxSettings::default()
    })
    .await;
    queue.put(&["a", "b", "c", "d", "e", "f"]).await;
    for partition in 0..3 {
        let consumer = waypost_queue::Consumer::join(&queue.redis, &queue.settings, partition)
            .await
            .unwrap();
        assert_eq!(take(&consumer, 10).await.entries.len(), 2);
    }
    let stats = queue.inbox.stats().await.unwrap();
    assert_eq!((stats.waiting, stats.active, stats.consumers), (0, 6, 3));
}

#[tokio::test]
async fn the_enqueuer_ends_when_its_last_handle_is_dropped() {
    let queue = queue().await;
    queue.put(&["a"]).await;
    drop(queue.enqueuer);
    tokio::time::timeout(Duration::from_secs(5), queue.task.finished())
        .await
        .unwrap();
}
