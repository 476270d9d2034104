//! What the tests of the queue share.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "test code, of which each file uses a part"
)]

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use uuid::Uuid;
use waypost_harness::TestRedis;
use waypost_queue::{
    Batch, Consumer, Enqueuer, EnqueuerTask, Envelope, Inbox, InboxSettings, Redis, RedisSettings,
    Reserved,
};

/// A queue of its own.
pub(crate) struct Queue {
    pub(crate) redis: Redis,
    pub(crate) url: String,
    pub(crate) settings: InboxSettings,
    pub(crate) enqueuer: Enqueuer,
    pub(crate) task: EnqueuerTask,
    pub(crate) inbox: Inbox,
}

pub(crate) async fn queue() -> Queue {
    queue_with(InboxSettings::default()).await
}

pub(crate) async fn queue_with(settings: InboxSettings) -> Queue {
    let TestRedis { url, prefix, .. } = &waypost_harness::redis().await;
    at(url, prefix, settings).await
}

pub(crate) async fn at(url: &str, prefix: &str, settings: InboxSettings) -> Queue {
    let redis = Redis::connect(&RedisSettings::for_url(url).with_prefix(prefix))
        .await
        .unwrap();
    let (enqueuer, task) = Enqueuer::start(redis.clone(), &settings);
    Queue {
        inbox: Inbox::new(&redis, settings.partitions),
        redis,
        url: url.to_owned(),
        settings,
        enqueuer,
        task,
    }
}

impl Queue {
    /// To do what nobody does but by hand.
    pub(crate) async fn connection(&self) -> redis::aio::MultiplexedConnection {
        let client = redis::Client::open(&*self.url).unwrap();
        client.get_multiplexed_async_connection().await.unwrap()
    }

    pub(crate) async fn consumer(&self) -> Consumer {
        Consumer::join(&self.redis, &self.settings, 0)
            .await
            .unwrap()
    }

    pub(crate) async fn put(&self, bodies: &[&'static str]) {
        for body in bodies {
            self.enqueuer.enqueue(envelope(body)).await.unwrap();
        }
    }
}

pub(crate) fn envelope(body: &'static str) -> Envelope {
    Envelope::webhook(
        Uuid::now_v7(),
        SystemTime::now(),
        Bytes::from_static(body.as_bytes()),
    )
}

/// Reserves, and expects entries.
pub(crate) async fn take(consumer: &Consumer, entries: usize) -> Batch {
    match consumer.reserve(entries, 1 << 20).await.unwrap() {
        Reserved::Batch(batch) => batch,
        Reserved::Empty(_) => panic!("the queue is empty"),
        Reserved::Paused => panic!("the queue is paused"),
    }
}

/// Reserves, and expects none.
pub(crate) async fn take_none(consumer: &Consumer) -> Duration {
    match consumer.reserve(10, 1 << 20).await.unwrap() {
        Reserved::Empty(wait) => wait,
        Reserved::Batch(batch) => panic!("{} entries where none should be", batch.entries.len()),
        Reserved::Paused => panic!("the queue is paused"),
    }
}

pub(crate) fn bodies(batch: &Batch) -> Vec<String> {
    batch
        .entries
        .iter()
        .map(|entry| {
            let body = &entry.envelope.as_ref().unwrap().body;
            String::from_utf8(body.to_vec()).unwrap()
        })
        .collect()
}

/// A lease short enough to wait for.
pub(crate) fn short_lease() -> InboxSettings {
    InboxSettings {
        lease: Duration::from_millis(300),
        heartbeat: Duration::from_millis(100),
        ..InboxSettings::default()
    }
}

/// A queue whose Redis is behind a slow network.
pub(crate) async fn behind_a_proxy() -> (Queue, waypost_harness::proxy::Proxy) {
    let server = waypost_harness::redis().await;
    let address = server.url.trim_start_matches("redis://");
    let address = address
        .rsplit('@')
        .next()
        .unwrap()
        .split('/')
        .next()
        .unwrap();
    let proxy = waypost_harness::proxy::Proxy::to(address.parse().unwrap()).await;
    let settings = InboxSettings {
        // Longer than the bad weather.
        lease: Duration::from_secs(60),
        ..InboxSettings::default()
    };
    (
        at(&proxy.url(&server.url), &server.prefix, settings).await,
        proxy,
    )
}
