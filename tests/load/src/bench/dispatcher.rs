//! The dispatcher, with leases, limits asked and outcomes told, against a loop that only posts.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::Plan;
use super::graph::{BODY, Lanes, Meta, NUMBER, dispatcher};
use super::report::Report;
use super::stack::Stack;
use crate::process::cpu_time;

/// Requests on their way at once, on either side.
const AT_ONCE: usize = 256;
const MESSAGES: usize = 40_000;
/// Shares of the messages between which the clock runs, so that start and end do not count.
const FROM: usize = MESSAGES / 10;
const TO: usize = MESSAGES * 9 / 10;

pub(super) async fn measure(plan: &Plan, report: &mut Report) -> Result<()> {
    let stack = Stack::start().await?;
    let mut ratios = Vec::new();
    for round in 0..=plan.rounds {
        let meta = Meta::start().await?;
        let bare = bare(&meta).await?;
        let ours = ours(&stack, &meta, &[]).await?;
        println!("dispatcher: {ours:.0} messages/s; bare reqwest: {bare:.0}/s");
        meta.program.stop().await?;
        stack.empty().await?;
        if round > 0 {
            ratios.push(ours / bare);
        }
    }
    report.figure("dispatcher_vs_reqwest", ratios);
    Ok(())
}

/// Messages a second, with these settings beside the usual ones.
pub(super) async fn ours(stack: &Stack, meta: &Meta, more: &[(&str, &str)]) -> Result<f64> {
    let lanes = Lanes::on(stack).await?;
    lanes.fill(MESSAGES).await?;
    let concurrency = AT_ONCE.to_string();
    let mut settings = vec![
        ("WAYPOST_LIMITS_NUMBER", "0"),
        ("WAYPOST_DISPATCHER_CONCURRENCY", concurrency.as_str()),
    ];
    settings.extend(more);
    let program = dispatcher(stack, meta, &settings).await?;
    let mut started = None;
    let took = loop {
        tokio::time::sleep(Duration::from_millis(5)).await;
        let done = usize::try_from(lanes.outbox.stats().await?.completed)?;
        if started.is_none() && done >= FROM {
            started = Some((done, Instant::now()));
        }
        if done >= TO {
            let (first, at) = started.context("it went by too fast to be seen")?;
            break (done - first) as f64 / at.elapsed().as_secs_f64();
        }
    };
    let redis = cpu_time(stack.redis.pid().unwrap_or(0))?;
    println!(
        "dispatcher: {:.1} us CPU a message, Redis {:.1} us (its filling included)",
        cpu_time(program.pid())?.as_secs_f64() * 1e6 / TO as f64,
        redis.as_secs_f64() * 1e6 / TO as f64,
    );
    program.stop().await?;
    Ok(took)
}

async fn bare(meta: &Meta) -> Result<f64> {
    // reqwest wants one although nothing here is encrypted; the second time it is there already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .no_proxy()
        .tcp_nodelay(true)
        .pool_max_idle_per_host(AT_ONCE)
        .build()?;
    let url = format!("http://{}/v26.0/{NUMBER}/messages", meta.at);
    let next = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    let tasks: Vec<_> = (0..AT_ONCE)
        .map(|_| {
            let (client, url, next) = (client.clone(), url.clone(), Arc::clone(&next));
            tokio::spawn(async move {
                while next.fetch_add(1, Ordering::Relaxed) < MESSAGES {
                    let request = client
                        .post(&url)
                        .bearer_auth("bench")
                        .header("content-type", "application/json")
                        .body(BODY);
                    let answer = request.send().await?;
                    ensure!(answer.status() == 200, "answered {}", answer.status());
                    answer.bytes().await?;
                }
                Ok(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    Ok(MESSAGES as f64 / started.elapsed().as_secs_f64())
}
