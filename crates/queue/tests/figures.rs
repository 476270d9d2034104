//! Figures that are right to the entry, whoever came and went.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

mod common;

use std::time::{Duration, SystemTime};

use common::{Queue, at, envelope, queue, queue_with, short_lease, take};
use uuid::Uuid;
use waypost_harness::{AppendFsync, eventually, private_redis};
use waypost_queue::{Consumer, DeadLetter, InboxSettings, InboxStats, Rate, Settlement};

async fn stats(queue: &Queue) -> InboxStats {
    queue.inbox.stats().await.unwrap()
}

/// What a rate was worked out from.
fn times_window(rate: f64, of: &Rate) -> u64 {
    (rate * of.window.as_secs_f64()).round() as u64
}

#[tokio::test]
async fn members_tell_who_holds_what_also_when_one_is_gone() {
    let queue = queue_with(short_lease()).await;
    queue.put(&["x"; 10]).await;
    let (gone, stays) = (queue.consumer().await, queue.consumer().await);
    let _four = take(&gone, 4).await;
    let batches = [take(&stays, 1).await, take(&stays, 2).await];
    let before = SystemTime::now();
    eventually(Duration::from_secs(5), "one has lapsed", async || {
        stays.heartbeat().await.unwrap();
        let stats = stats(&queue).await;
        stats.members.iter().any(|m| m.id == gone.id() && m.lapsed)
    })
    .await;
    let seen = stats(&queue).await;
    assert_eq!((seen.waiting, seen.active, seen.consumers), (3, 7, 1));
    let of = |id: &str| seen.members.iter().find(|m| m.id == id).unwrap();
    assert_eq!((of(gone.id()).active, of(stays.id()).active), (4, 3));
    assert!(!of(stays.id()).lapsed);
    assert!(of(stays.id()).last_heartbeat_at + Duration::from_millis(50) >= before);
    assert!(of(stays.id()).lease_ends_at > of(stays.id()).last_heartbeat_at);
    assert!(of(gone.id()).last_heartbeat_at <= of(gone.id()).lease_ends_at);

    assert_eq!(stays.reap().await.unwrap(), 4);
    let seen = stats(&queue).await;
    assert_eq!((seen.waiting, seen.active, seen.handed_back), (7, 3, 4));
    assert_eq!(seen.members.len(), 1);
    assert_eq!((seen.members[0].active, seen.accepted), (3, 10));
    for batch in &batches {
        stays.settle(batch, &Settlement::new()).await.unwrap();
    }
    assert_eq!(stays.leave().await.unwrap(), 0);
    let seen = stats(&queue).await;
    assert_eq!(
        (seen.members.len(), seen.completed, seen.accepted),
        (0, 3, 10)
    );
}

#[tokio::test]
async fn partitions_have_figures_of_their_own() {
    let settings = InboxSettings {
        partitions: 3,
        ..InboxSettings::default()
    };
    let queue = queue_with(settings).await;
    queue.put(&["x"; 9]).await;
    let consumer = Consumer::join(&queue.redis, &queue.settings, 1)
        .await
        .unwrap();
    let _two = take(&consumer, 2).await;
    queue.inbox.pause("ann", "a look").await.unwrap();
    let seen = stats(&queue).await;
    assert_eq!(seen.partitions.len(), 3);
    assert_eq!(
        seen.partitions
            .iter()
            .map(|p| (p.partition, p.waiting, p.active))
            .collect::<Vec<_>>(),
        [(0, 3, 0), (1, 1, 2), (2, 3, 0)]
    );
    assert!(seen.partitions.iter().all(|p| p.paused));
    assert_eq!(seen.members[0].partition, 1);
    assert_eq!((seen.accepted, seen.waiting, seen.active), (9, 7, 2));
}

fn letter(envelope: waypost_queue::Envelope) -> DeadLetter {
    DeadLetter {
        envelope,
        class: "rejected".to_owned(),
        buried_at: SystemTime::now(),
        message_id: None,
    }
}

/// What came in is neither more nor less, whatever becomes of it.
#[tokio::test]
async fn accepted_is_exact_through_cutting_burying_replaying_purging_and_clearing() {
    let queue = queue().await;
    queue.put(&["x"; 20]).await;
    let consumer = queue.consumer().await;
    let accepted = async |what: &str| assert_eq!(stats(&queue).await.accepted, 20, "{what}");
    accepted("waiting").await;
    let batch = take(&consumer, 5).await;
    accepted("held").await;

    // Two whole ones fail; of a third, an item is cut out and put off, and another one, twice, is cut out and buried.
    let mut settlement = Settlement::new();
    let entry = |i: usize| batch.entries[i].envelope.as_ref().unwrap().clone();
    settlement.delay(entry(0), Duration::from_secs(60), 8192);
    settlement.not_completed();
    settlement.bury(letter(entry(1)));
    settlement.not_completed();
    settlement.delay(envelope("cut"), Duration::from_secs(60), 8192);
    let twice = envelope("buried");
    settlement.bury(letter(twice.clone()));
    settlement.bury(letter(twice.clone()));
    consumer.settle(&batch, &settlement).await.unwrap();
    accepted("settled").await;
    let seen = stats(&queue).await;
    assert_eq!((seen.completed, seen.failed, seen.delayed), (3, 3, 2));

    assert!(queue.inbox.replay(twice.id).await.unwrap());
    assert!(!queue.inbox.replay(twice.id).await.unwrap());
    accepted("replayed").await;
    assert_eq!(
        (stats(&queue).await.failed, stats(&queue).await.dead),
        (2, 1)
    );
    assert!(queue.inbox.purge(entry(1).id).await.unwrap());
    accepted("purged").await;
    assert_eq!(
        (stats(&queue).await.failed, stats(&queue).await.dead),
        (2, 0)
    );

    let cleared = queue.inbox.clear(SystemTime::now()).await.unwrap();
    assert_eq!((cleared.waiting, cleared.delayed), (16, 2));
    accepted("cleared").await;
    let seen = stats(&queue).await;
    assert_eq!((seen.cleared, seen.waiting, seen.delayed), (18, 0, 0));
    assert!(seen.is_drained());
}

#[tokio::test]
async fn rates_are_right_whoever_asks_and_after_everything_was_restarted() {
    let mut server = private_redis(AppendFsync::Always).await;
    let begun = at(&server.url(), "t:", InboxSettings::default()).await;
    let consumer = begun.consumer().await;
    // The first sample.
    consumer.heartbeat().await.unwrap();
    begun.put(&["x"; 30]).await;
    let batch = take(&consumer, 20).await;
    let mut settlement = Settlement::new();
    for entry in &batch.entries[..5] {
        settlement.bury(letter(entry.envelope.as_ref().unwrap().clone()));
        settlement.not_completed();
    }
    consumer.settle(&batch, &settlement).await.unwrap();
    let id = batch.entries[0].envelope.as_ref().unwrap().id;
    assert!(begun.inbox.replay(id).await.unwrap());

    let right = |seen: &InboxStats| {
        let rate = seen.rates.minute;
        assert_eq!(times_window(rate.accepted, &rate), 30, "{rate:?}");
        assert_eq!(times_window(rate.completed, &rate), 15, "{rate:?}");
        // Given up is given up, also when it is tried again later.
        assert_eq!(times_window(rate.failed, &rate), 5, "{rate:?}");
        assert_eq!(rate.window, seen.rates.five_minutes.window);
    };
    eventually(Duration::from_secs(5), "there is a window", async || {
        stats(&begun).await.rates.minute.window >= Duration::from_secs(1)
    })
    .await;
    right(&stats(&begun).await);
    drop((consumer, begun));
    server.kill().await.unwrap();
    server.restart().await.unwrap();
    let again = at(&server.url(), "t:", InboxSettings::default()).await;
    right(&stats(&again).await);
}

#[tokio::test]
async fn no_rate_is_negative_when_counters_are_set_back() {
    let queue = queue().await;
    let consumer = queue.consumer().await;
    queue.put(&["x"; 30]).await;
    let batch = take(&consumer, 20).await;
    consumer.settle(&batch, &Settlement::new()).await.unwrap();
    stats(&queue).await;
    // Somebody removes counters and entries by hand.
    let keys = queue.redis.keys().partition(0);
    let mut connection = queue.connection().await;
    redis::cmd("DEL")
        .arg(&[keys.counters, keys.ready])
        .exec_async(&mut connection)
        .await
        .unwrap();
    for _ in 0..3 {
        let rates = stats(&queue).await.rates;
        for rate in [rates.minute, rates.five_minutes] {
            assert!(rate.accepted >= 0.0 && rate.completed >= 0.0 && rate.failed >= 0.0);
        }
        tokio::time::sleep(Duration::from_millis(600)).await;
    }
}

#[tokio::test]
async fn figures_are_told_while_redis_refuses_writes() {
    let server = private_redis(AppendFsync::EverySec).await;
    let queue = at(&server.url(), "t:", short_lease()).await;
    queue.put(&["x"; 3]).await;
    let consumer = queue.consumer().await;
    let mut connection = queue.connection().await;
    let mut limit = redis::cmd("CONFIG");
    limit.arg("SET").arg("maxmemory").arg("1");
    limit.exec_async(&mut connection).await.unwrap();
    assert_eq!(stats(&queue).await.waiting, 3);
    // And who is alive stays alive.
    consumer.heartbeat().await.unwrap();
    assert!(
        queue
            .inbox
            .dead_letter(Uuid::now_v7())
            .await
            .unwrap()
            .is_none()
    );
}
