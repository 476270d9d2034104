//! Redis stopped, emptied, unsafe: refused clearly, and healed without a restart of anything of ours.
#![allow(clippy::unwrap_used, reason = "test code")]

mod common;

use std::time::Duration;

use common::{at, bodies, envelope, take};
use waypost_harness::{AppendFsync, eventually, private_redis};
use waypost_queue::{
    EnqueueError, EventLog, EventSettings, InboxSettings, QueueError, Redis, RedisSettings,
    Settlement,
};

#[tokio::test]
async fn everything_heals_after_redis_comes_back() {
    let mut server = private_redis(AppendFsync::Always).await;
    let queue = at(&server.url(), "t:", InboxSettings::default()).await;
    queue.put(&["before"]).await;
    let consumer = queue.consumer().await;
    let mut waiter = consumer.waiter();

    server.kill().await.unwrap();
    let refused = queue.enqueuer.enqueue(envelope("during")).await;
    assert!(
        matches!(
            refused,
            Err(EnqueueError::Unavailable(_) | EnqueueError::Unknown(_))
        ),
        "{refused:?}"
    );
    let _ = waiter.wait(Duration::from_millis(100)).await;
    server.restart().await.unwrap();

    eventually(
        Duration::from_secs(10),
        "enqueueing works again",
        async || queue.enqueuer.enqueue(envelope("after")).await.is_ok(),
    )
    .await;
    eventually(Duration::from_secs(10), "waiting works again", async || {
        waiter.wait(Duration::from_millis(100)).await.is_ok()
    })
    .await;
    // The same consumer, under the same id, finds its lease in the append-only file.
    let batch = take(&consumer, 10).await;
    assert_eq!(bodies(&batch), ["before", "after"]);
    consumer.settle(&batch, &Settlement::new()).await.unwrap();
}

#[tokio::test]
async fn an_emptied_redis_needs_no_help() {
    let server = private_redis(AppendFsync::EverySec).await;
    let queue = at(&server.url(), "t:", InboxSettings::default()).await;
    let consumer = queue.consumer().await;
    queue.put(&["lost"]).await;
    command(&server.url(), &["FLUSHALL"]).await;
    command(&server.url(), &["SCRIPT", "FLUSH"]).await;
    queue.put(&["kept"]).await;
    // The lease went too: the consumer is told so, and joins again.
    assert!(matches!(
        consumer.reserve(1, 1024).await,
        Err(QueueError::Lapsed { .. })
    ));
    let consumer = queue.consumer().await;
    assert_eq!(bodies(&take(&consumer, 10).await), ["kept"]);
}

#[tokio::test]
async fn a_redis_that_would_lose_messages_is_refused_unless_allowed() {
    let server = private_redis(AppendFsync::EverySec).await;
    let safe = RedisSettings::for_url(&server.url());
    let redis = Redis::connect(&safe).await.unwrap();
    redis.check_durability().await.unwrap();

    command(
        &server.url(),
        &["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"],
    )
    .await;
    let error = redis.check_durability().await.unwrap_err();
    assert!(!error.is_transient());
    let text = error.to_string();
    assert!(
        text.contains("allkeys-lru") && text.contains("redis.allow_unsafe"),
        "{text}"
    );
    command(
        &server.url(),
        &["CONFIG", "SET", "maxmemory-policy", "noeviction"],
    )
    .await;
    command(&server.url(), &["CONFIG", "SET", "appendonly", "no"]).await;
    let text = redis.check_durability().await.unwrap_err().to_string();
    assert!(text.contains("appendonly"), "{text}");

    let mut allowed = safe.clone();
    allowed.allow_unsafe = true;
    let redis = Redis::connect(&allowed).await.unwrap();
    redis.check_durability().await.unwrap();
}

#[tokio::test]
async fn a_full_redis_refuses_and_recovers() {
    let server = private_redis(AppendFsync::EverySec).await;
    let queue = at(&server.url(), "t:", InboxSettings::default()).await;
    queue.put(&["fits"]).await;
    command(&server.url(), &["CONFIG", "SET", "maxmemory", "1"]).await;
    let refused = queue.enqueuer.enqueue(envelope("too much")).await;
    assert!(
        matches!(refused, Err(EnqueueError::Refused(_))),
        "{refused:?}"
    );
    command(&server.url(), &["CONFIG", "SET", "maxmemory", "0"]).await;
    queue.put(&["fits again"]).await;
}

#[tokio::test]
async fn without_a_replica_the_replica_mode_refuses() {
    let server = private_redis(AppendFsync::EverySec).await;
    let settings = InboxSettings {
        ack: waypost_queue::AckMode::Replica,
        ..InboxSettings::default()
    };
    let queue = at(&server.url(), "t:", settings).await;
    let refused = queue.enqueuer.enqueue(envelope("alone")).await;
    assert!(
        matches!(refused, Err(EnqueueError::NoReplica)),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_bad_address_is_an_error_without_its_password() {
    let settings = RedisSettings::for_url("http://:hunter2@127.0.0.1:1");
    let text = match Redis::connect(&settings).await {
        Ok(_) => panic!("connected to nonsense"),
        Err(error) => error.to_string(),
    };
    assert!(
        text.contains("redis.url") && !text.contains("hunter2"),
        "{text}"
    );
}

#[tokio::test]
async fn the_stream_of_events_is_ordered_and_capped() {
    use waypost_model::{EffectKey, Event, EventKind};
    let server = private_redis(AppendFsync::EverySec).await;
    let redis = Redis::connect(&RedisSettings::for_url(&server.url()))
        .await
        .unwrap();
    let log = EventLog::new(&redis, &EventSettings { keep: 100 });
    let events: Vec<Event> = (0..1000)
        .map(|i| {
            let id = EffectKey::message("n", &i.to_string());
            Event::new(id, EventKind::Message, "n", &serde_json::json!({ "i": i })).unwrap()
        })
        .collect();
    log.publish(&events).await.unwrap();
    let kept = log.after("-", 10_000).await.unwrap();
    assert!((100..400).contains(&kept.len()), "{}", kept.len());
    let last = &kept[kept.len() - 1];
    assert_eq!(last.data, r#"{"i":999}"#);
    let resumed = log.after(&kept[kept.len() - 3].position, 10).await.unwrap();
    assert_eq!(resumed.len(), 2);
    assert_eq!(resumed[1].id, last.id);
}

async fn command(url: &str, words: &[&str]) {
    let client = redis::Client::open(url).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let mut command = redis::cmd(words[0]);
    for word in &words[1..] {
        command.arg(*word);
    }
    command.exec_async(&mut connection).await.unwrap();
}
