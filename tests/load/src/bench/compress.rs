//! From which size on compressing a body pays: CPU time of producer and Redis together, and memory in Redis.
//!
//! Prints a table and makes no figure; `inbox.compress_above` was chosen by it.

use std::time::SystemTime;

use anyhow::{Context, Result};
use bytes::Bytes;
use uuid::Uuid;
use waypost_queue::{Enqueuer, Envelope, InboxSettings, Redis, RedisSettings};

use super::stack::Stack;
use crate::corpus::webhooks;
use crate::process::cpu_time;

const SIZES: [usize; 6] = [1 << 10, 2 << 10, 4 << 10, 8 << 10, 16 << 10, 64 << 10];
/// Enqueued for one line of the table.
const BYTES: usize = 128 << 20;
const AT_ONCE: usize = 64;

pub(super) async fn measure() -> Result<()> {
    let stack = Stack::start().await?;
    let redis = Redis::connect(&RedisSettings::for_url(&stack.redis.url())).await?;
    println!("body      producer+Redis CPU, us      in Redis, bytes a body");
    for size in SIZES {
        let plain = one(&stack, &redis, size, usize::MAX).await?;
        let packed = one(&stack, &redis, size, 0).await?;
        println!(
            "{:>3} KiB   plain {:>7.1} packed {:>7.1}   plain {:>7.0} packed {:>7.0}",
            size >> 10,
            plain.0,
            packed.0,
            plain.1,
            packed.1
        );
    }
    Ok(())
}

/// CPU in microseconds and bytes in Redis, a body.
async fn one(stack: &Stack, redis: &Redis, size: usize, above: usize) -> Result<(f64, f64)> {
    let bodies = bodies(size);
    let settings = InboxSettings {
        compress_above: above,
        ..InboxSettings::default()
    };
    let (enqueuer, _task) = Enqueuer::start(redis.clone(), &settings);
    let (ours, server) = (std::process::id(), stack.redis.pid().context("Redis")?);
    let before = cpu_time(ours)? + cpu_time(server)?;
    let count = BYTES / size;
    for start in (0..count).step_by(AT_ONCE) {
        let all = (start..start + AT_ONCE).map(|i| {
            let body = bodies[i % bodies.len()].clone();
            enqueuer.enqueue(Envelope::webhook(Uuid::now_v7(), SystemTime::now(), body))
        });
        futures_util::future::try_join_all(all).await?;
    }
    let cpu = cpu_time(ours)? + cpu_time(server)? - before;
    let used = redis.used_memory().await? as f64;
    stack.empty().await?;
    let rounds = count.next_multiple_of(AT_ONCE) as f64;
    Ok((cpu.as_secs_f64() * 1e6 / rounds, used / rounds))
}

/// Webhooks strung together and cut to size: as compressible as one large batch of updates.
fn bodies(size: usize) -> Vec<Bytes> {
    let text: Vec<u8> = webhooks(20_000, 7)
        .iter()
        .flat_map(|webhook| webhook.body.to_vec())
        .collect();
    text.chunks_exact(size)
        .map(Bytes::copy_from_slice)
        .collect()
}
