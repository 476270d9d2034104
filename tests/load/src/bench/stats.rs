//! What it costs to ask how the queues stand, however much waits.
//!
//! The whole way of an operator's question, over HTTP through gateway, guard and service to Redis and back, with one webhook and one
//! message waiting, and with a million of each.

use std::time::{Duration, Instant, SystemTime};

use anyhow::{Result, ensure};
use bytes::Bytes;
use serde_json::Value;
use uuid::Uuid;
use waypost_harness::{bin, free_port};
use waypost_queue::{
    Acceptor, Enqueuer, Envelope, InboxSettings, OutboxSettings, Redis, RedisSettings,
};

use super::Plan;
use super::lanes::message;
use super::report::Report;
use super::stack::{Stack, local};
use crate::process::Program;

/// Questions in one measurement.
const QUESTIONS: usize = 2_000;
/// Put in at once while filling.
const AT_ONCE: usize = 1_000;

struct Asked {
    _stack: Stack,
    monitor: Program,
    client: reqwest::Client,
    url: String,
    waiting: usize,
}

pub(super) async fn measure(plan: &Plan, report: &mut Report) -> Result<()> {
    // reqwest asks for one even where nothing is encrypted; another group may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let few = Asked::with(1).await?;
    let many = Asked::with(1_000_000).await?;
    let mut ratios = Vec::new();
    for round in 0..=plan.rounds {
        let (one, million) = (few.latency().await?, many.latency().await?);
        println!(
            "stats: {:.0} us with one waiting, {:.0} us with a million of each",
            one.as_secs_f64() * 1e6,
            million.as_secs_f64() * 1e6
        );
        if round > 0 {
            ratios.push(million.as_secs_f64() / one.as_secs_f64());
        }
    }
    report.figure("stats_cost_1m", ratios);
    few.monitor.stop().await?;
    many.monitor.stop().await
}

impl Asked {
    async fn with(waiting: usize) -> Result<Self> {
        let stack = Stack::start().await?;
        fill(&stack, waiting).await?;
        let address = local(free_port()?);
        let mut monitor = Program::start(
            &bin("waypost-monitor"),
            &[],
            &[
                ("WAYPOST_REDIS_URL", stack.redis.url()),
                ("WAYPOST_MONITOR_LISTEN", address.to_string()),
                // Nobody asks for what is there.
                (
                    "WAYPOST_POSTGRES_URL",
                    "postgres://127.0.0.1:1/none".to_owned(),
                ),
            ],
        )?;
        monitor.listening(address).await?;
        let asked = Self {
            _stack: stack,
            monitor,
            client: reqwest::Client::builder().no_proxy().build()?,
            url: format!("http://{address}/api/queue-monitor/stats"),
            waiting,
        };
        asked.check().await?;
        Ok(asked)
    }

    /// What is measured must be an answer, and the right one.
    async fn check(&self) -> Result<()> {
        let text = self
            .client
            .get(&self.url)
            .send()
            .await?
            .error_for_status()?
            .bytes()
            .await?;
        let stats: Value = serde_json::from_slice(&text)?;
        for queue in ["webhook", "message"] {
            let waiting = stats[queue]["waiting"].as_u64();
            ensure!(
                waiting == Some(self.waiting as u64),
                "{queue}: {waiting:?} wait"
            );
        }
        Ok(())
    }

    /// The median of many questions, one after the other.
    async fn latency(&self) -> Result<Duration> {
        let mut times = Vec::with_capacity(QUESTIONS);
        for _ in 0..QUESTIONS {
            let asked = Instant::now();
            self.client
                .get(&self.url)
                .send()
                .await?
                .error_for_status()?
                .bytes()
                .await?;
            times.push(asked.elapsed());
        }
        times.sort_unstable();
        Ok(times[QUESTIONS / 2])
    }
}

async fn fill(stack: &Stack, waiting: usize) -> Result<()> {
    let redis = Redis::connect(&RedisSettings::for_url(&stack.redis.url())).await?;
    let outbox = OutboxSettings {
        max_backlog: u64::MAX / 2,
        ..OutboxSettings::default()
    };
    let inbox = InboxSettings {
        max_backlog: u64::MAX / 2,
        ..InboxSettings::default()
    };
    let (acceptor, acceptor_task) = Acceptor::start(redis.clone(), &outbox);
    let (enqueuer, enqueuer_task) = Enqueuer::start(redis.clone(), &inbox);
    let body = Bytes::from_static(br#"{"object":"whatsapp_business_account","entry":[]}"#);
    for first in (0..waiting).step_by(AT_ONCE) {
        let end = waiting.min(first + AT_ONCE);
        let messages = (first..end).map(|i| (message(i % 1_000), None)).collect();
        for answer in acceptor.accept_all(messages).await {
            answer?;
        }
        let webhooks = (first..end).map(|_| {
            enqueuer.enqueue(Envelope::webhook(
                Uuid::now_v7(),
                SystemTime::now(),
                body.clone(),
            ))
        });
        for answer in futures_util::future::join_all(webhooks).await {
            answer?;
        }
    }
    drop((acceptor, enqueuer));
    acceptor_task.finished().await;
    enqueuer_task.finished().await;
    Ok(())
}
