//! What Redis remembers of committed effects.
#![allow(clippy::unwrap_used, reason = "test code")]

use std::time::Duration;

use waypost_harness::eventually;
use waypost_model::EffectKey;
use waypost_queue::{EffectMemory, MemorySettings, Redis, RedisSettings};

async fn memory(ttl: Duration) -> EffectMemory {
    let server = waypost_harness::redis().await;
    let settings = RedisSettings::for_url(&server.url).with_prefix(&server.prefix);
    let redis = Redis::connect(&settings).await.unwrap();
    EffectMemory::new(&redis, &MemorySettings { ttl })
}

#[tokio::test]
async fn only_what_was_told_is_known() {
    let memory = memory(Duration::from_secs(3600)).await;
    let (a, b) = (EffectKey::message("n", "a"), EffectKey::message("n", "b"));
    assert_eq!(memory.known(&[a, b]).await.unwrap(), [false, false]);
    memory.remember(&[a]).await.unwrap();
    memory.remember(&[a]).await.unwrap();
    assert_eq!(memory.known(&[a, b]).await.unwrap(), [true, false]);
    assert_eq!(memory.remembered().await.unwrap(), 1);
    assert!(memory.known(&[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn it_forgets() {
    let memory = memory(Duration::from_millis(200)).await;
    let key = EffectKey::message("n", "a");
    memory.remember(&[key]).await.unwrap();
    eventually(Duration::from_secs(10), "it is forgotten", async || {
        memory.remembered().await.unwrap() == 0 && memory.known(&[key]).await.unwrap() == [false]
    })
    .await;
}

#[tokio::test]
async fn zero_means_off() {
    let memory = memory(Duration::ZERO).await;
    let key = EffectKey::message("n", "a");
    memory.remember(&[key]).await.unwrap();
    assert_eq!(memory.known(&[key]).await.unwrap(), [false]);
}
