//! The worker, against a bare COPY of the same rows into tables with the same indexes.
//!
//! Two figures: against a COPY of every row that the worker wrote (raw webhooks, contacts and their identifiers, the
//! dedup window, media, messages, statuses), and against a COPY of nothing but the messages and statuses.

use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result};
use bytes::Bytes;
use futures_util::{SinkExt, TryStreamExt};
use tokio_postgres::Client;
use uuid::Uuid;
use waypost_harness::bin;
use waypost_local::{Postgres, PostgresOptions, scratch_dir};
use waypost_queue::{Enqueuer, Envelope, Inbox, InboxSettings, Redis, RedisSettings};

use super::Plan;
use super::report::Report;
use super::stack::{Stack, connect, database, migrate};
use crate::corpus::{Webhook, webhooks};
use crate::process::{Program, cpu_time};

/// Updates in one round.
const UPDATES: usize = 100_000;
/// Enqueued at once while filling the inbox.
const AT_ONCE: usize = 1_000;

pub(super) async fn measure(plan: &Plan, report: &mut Report) -> Result<()> {
    let stack = Stack::start().await?;
    let dir = scratch_dir()?;
    let postgres = Postgres::start(&PostgresOptions::in_dir(dir.path())).await?;
    let (mut ratios, mut strict) = (Vec::new(), Vec::new());
    for round in 0..=plan.rounds {
        let corpus = webhooks(UPDATES, 100 + round as u64);
        let url = database(&postgres, &format!("bench_{round}")).await?;
        migrate(&url).await?;
        let ours = worked(&stack, &url, &corpus, &[]).await?;
        let client = connect(&url).await?;
        let bare = copied(&client).await?;
        let (all, updates) = (UPDATES as f64 / bare.all, UPDATES as f64 / bare.updates);
        println!(
            "worker: {ours:.0} updates/s; bare COPY: {all:.0} updates/s with every row they make, {updates:.0} with the updates alone"
        );
        stack.empty().await?;
        if round > 0 {
            ratios.push(ours / all);
            strict.push(ours / updates);
        }
    }
    report.figure("worker_vs_copy", ratios);
    report.figure("worker_vs_copy_of_updates_alone", strict);
    Ok(())
}

/// Fills the inbox, starts a worker with these settings beside the usual ones, and counts updates a second from its first row to
/// its last acknowledgement.
pub(super) async fn worked(
    stack: &Stack,
    url: &str,
    corpus: &[Webhook],
    settings: &[(&str, &str)],
) -> Result<f64> {
    let redis = Redis::connect(&RedisSettings::for_url(&stack.redis.url())).await?;
    fill(&redis, corpus).await?;
    let inbox = Inbox::new(&redis, 1);
    let usual = [
        ("WAYPOST_REDIS_URL", stack.redis.url()),
        ("WAYPOST_POSTGRES_URL", url.to_owned()),
    ];
    let worker = Program::start_with(&bin("waypost-worker"), &[], &usual, settings)?;
    let total = corpus.len() as u64;
    let mut started = None;
    loop {
        tokio::time::sleep(Duration::from_millis(5)).await;
        let stats = inbox.stats().await?;
        if started.is_none() && stats.waiting < total {
            started = Some(Instant::now());
        }
        if stats.completed >= total {
            break;
        }
    }
    let took = started.context("it never started")?.elapsed();
    println!(
        "worker: {:.2} us CPU an update",
        cpu_time(worker.pid())?.as_secs_f64() * 1e6 / total as f64
    );
    worker.stop().await?;
    Ok(total as f64 / took.as_secs_f64())
}

async fn fill(redis: &Redis, corpus: &[Webhook]) -> Result<()> {
    let settings = InboxSettings::default();
    let (enqueuer, _task) = Enqueuer::start(redis.clone(), &settings);
    for group in corpus.chunks(AT_ONCE) {
        let all = group.iter().map(|webhook| {
            let envelope =
                Envelope::webhook(Uuid::now_v7(), SystemTime::now(), webhook.body.clone());
            enqueuer.enqueue(envelope)
        });
        futures_util::future::try_join_all(all).await?;
    }
    Ok(())
}

/// Seconds that a bare COPY takes.
struct Bare {
    /// For every row that the worker wrote.
    all: f64,
    /// For messages and statuses.
    updates: f64,
}

const TABLES: [&str; 7] = [
    "messages",
    "message_statuses",
    "webhooks",
    "contacts",
    "contact_identifiers",
    "content_windows",
    "media",
];

/// Copies what the worker wrote into empty tables of the same shape, one after the other.
async fn copied(client: &Client) -> Result<Bare> {
    let mut bare = Bare {
        all: 0.0,
        updates: 0.0,
    };
    for (i, table) in TABLES.into_iter().enumerate() {
        let took = copy(client, table).await?.as_secs_f64();
        bare.all += took;
        if i < 2 {
            bare.updates += took;
        }
    }
    Ok(bare)
}

async fn copy(client: &Client, table: &str) -> Result<Duration> {
    let out = client
        .copy_out(&format!(
            "COPY (SELECT * FROM {table}) TO STDOUT (FORMAT binary)"
        ))
        .await?;
    let data: Vec<Bytes> = out.try_collect().await?;
    client
        .batch_execute(&format!(
            "CREATE TABLE bare_{table} (LIKE {table} INCLUDING ALL); CHECKPOINT"
        ))
        .await?;
    // One row a chunk would measure the driver; in pieces of 64 KiB it measures Postgres.
    let pieces: Vec<Bytes> = data
        .concat()
        .chunks(64 << 10)
        .map(Bytes::copy_from_slice)
        .collect();
    let started = Instant::now();
    let sink = client
        .copy_in(&format!("COPY bare_{table} FROM STDIN (FORMAT binary)"))
        .await?;
    let mut sink = std::pin::pin!(sink);
    for piece in pieces {
        sink.feed(piece).await?;
    }
    sink.finish().await?;
    Ok(started.elapsed())
}
