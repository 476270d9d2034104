//! Dead and slow consumers: noticed, relieved of what they held, and fenced.

mod common;

use std::time::Duration;

use common::{bodies, queue_with, short_lease, take, take_none};
use waypost_harness::eventually;
use waypost_queue::{QueueError, Settled, Settlement};

#[tokio::test]
async fn a_lapsed_consumers_entries_go_to_another_and_its_late_ack_is_refused() {
    let queue = queue_with(short_lease()).await;
    queue.put(&["a", "b"]).await;
    let (slow, other) = (queue.consumer().await, queue.consumer().await);
    let held = take(&slow, 10).await;

    eventually(Duration::from_secs(10), "the lease lapses", async || {
        other.heartbeat().await.unwrap();
        other.reap().await.unwrap() == 2
    })
    .await;
    let taken = take(&other, 10).await;
    assert_eq!(bodies(&taken), ["a", "b"], "oldest first, as before");
    assert!(taken.entries.iter().all(|entry| entry.handbacks == 1));

    let late = slow.settle(&held, &Settlement::new()).await.unwrap();
    assert_eq!(late, Settled::Fenced);
    assert!(matches!(
        slow.heartbeat().await,
        Err(QueueError::Lapsed { .. })
    ));
    assert!(matches!(
        slow.reserve(1, 1024).await,
        Err(QueueError::Lapsed { .. })
    ));
    let settled = other.settle(&taken, &Settlement::new()).await.unwrap();
    assert_eq!(settled, Settled::Done);
    assert!(queue.inbox.stats().await.unwrap().is_drained());
}

#[tokio::test]
async fn an_ack_after_the_lease_is_refused_even_before_anybody_reaped() {
    let queue = queue_with(short_lease()).await;
    queue.put(&["a"]).await;
    let slow = queue.consumer().await;
    let held = take(&slow, 10).await;
    eventually(Duration::from_secs(10), "the lease ends", async || {
        queue.inbox.stats().await.unwrap().consumers == 0
    })
    .await;
    let late = slow.settle(&held, &Settlement::new()).await.unwrap();
    assert_eq!(late, Settled::Fenced);
    // Nobody took the entry, so the owner may beat again and go on with it.
    slow.heartbeat().await.unwrap();
    let settled = slow.settle(&held, &Settlement::new()).await.unwrap();
    assert_eq!(settled, Settled::Done);
}

#[tokio::test]
async fn one_heartbeat_keeps_all_batches_of_a_consumer() {
    let queue = queue_with(short_lease()).await;
    queue.put(&["a", "b", "c"]).await;
    let (busy, reaper) = (queue.consumer().await, queue.consumer().await);
    let batches = [
        take(&busy, 1).await,
        take(&busy, 1).await,
        take(&busy, 1).await,
    ];
    let until = tokio::time::Instant::now() + short_lease().lease * 4;
    while tokio::time::Instant::now() < until {
        busy.heartbeat().await.unwrap();
        reaper.heartbeat().await.unwrap();
        assert_eq!(reaper.reap().await.unwrap(), 0);
        tokio::time::sleep(short_lease().heartbeat).await;
    }
    for batch in batches {
        let settled = busy.settle(&batch, &Settlement::new()).await.unwrap();
        assert_eq!(settled, Settled::Done);
    }
}

#[tokio::test]
async fn who_leaves_hands_back_and_is_counted_once() {
    let queue = queue_with(short_lease()).await;
    queue.put(&["a", "b"]).await;
    let other = queue.consumer().await;
    for _ in 0..4 {
        let leaving = queue.consumer().await;
        let held = take(&leaving, 10).await;
        assert_eq!(held.entries.len(), 2);
        assert_eq!(leaving.leave().await.unwrap(), 2);
    }
    let taken = take(&other, 10).await;
    assert_eq!(bodies(&taken), ["a", "b"]);
    assert!(taken.entries.iter().all(|entry| entry.handbacks == 1));
}

#[tokio::test]
async fn what_consumers_die_with_travels_alone_and_is_forgotten_once_settled() {
    let queue = queue_with(short_lease()).await;
    queue.put(&["deadly", "innocent"]).await;
    let undertaker = queue.consumer().await;
    for death in 1..=3 {
        let dying = queue.consumer().await;
        let held = take(&dying, 1).await;
        assert_eq!(bodies(&held), ["deadly"]);
        assert_eq!(held.entries[0].handbacks, death - 1);
        eventually(Duration::from_secs(10), "it is reaped", async || {
            undertaker.heartbeat().await.unwrap();
            undertaker.reap().await.unwrap() == 1
        })
        .await;
    }
    let alone = take(&undertaker, 10).await;
    assert_eq!(bodies(&alone), ["deadly"]);
    assert_eq!(alone.entries[0].handbacks, 3);
    assert_eq!(bodies(&take(&undertaker, 10).await), ["innocent"]);
    undertaker.settle(&alone, &Settlement::new()).await.unwrap();
    take_none(&undertaker).await;
}

#[tokio::test]
async fn a_batch_whose_answer_was_lost_is_answered_again() {
    let (queue, network) = common::behind_a_proxy().await;
    queue.put(&["a", "b"]).await;
    let consumer = queue.consumer().await;
    // The script runs in time, and its answer comes after the client has given up waiting (2 s).
    network.latency(Duration::from_millis(1500));
    assert!(consumer.reserve(10, 1 << 20).await.is_err());
    network.heal();
    eventually(
        Duration::from_secs(10),
        "the script has run",
        async || matches!(queue.inbox.stats().await, Ok(stats) if stats.active == 2),
    )
    .await;
    let batch = take(&consumer, 10).await;
    assert_eq!(bodies(&batch), ["a", "b"]);
    let settled = consumer.settle(&batch, &Settlement::new()).await.unwrap();
    assert_eq!(settled, Settled::Done);
    assert!(queue.inbox.stats().await.unwrap().is_drained());
}
