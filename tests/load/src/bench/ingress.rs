//! Ingress, with signature check and durable acknowledgement, against a bare server that does nothing.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Result, ensure};

use super::Plan;
use super::report::Report;
use super::stack::Stack;
use crate::client::{Outcome, Pace, Requests, requests, run};
use crate::corpus::webhooks;
use crate::process::cpu_time;

const CONNECTIONS: usize = 64;
const DISTINCT: usize = 20_000;

pub(super) async fn measure(plan: &Plan, report: &mut Report) -> Result<()> {
    let stack = Stack::start().await?;
    let requests = requests(&webhooks(DISTINCT, 1), "/webhook");
    let (sink, sink_at) = stack.sink().await?;
    let (ingress, ingress_at) = stack.ingress().await?;
    let redis = stack.redis.pid().unwrap_or(0);
    let (mut rates, mut cpus, mut tails) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=plan.rounds {
        // The first round only warms up.
        let bare = saturate(sink_at, sink.pid(), &requests, plan.seconds).await?;
        let redis_before = cpu_time(redis)?;
        let ours = saturate(ingress_at, ingress.pid(), &requests, plan.seconds).await?;
        let redis_cpu = cpu_time(redis)? - redis_before;
        println!(
            "ingress: {:.0}/s, {:.2} us CPU each, Redis {:.2} us; bare: {:.0}/s, {:.2} us CPU each",
            ours.rate,
            ours.cpu_us,
            redis_cpu.as_secs_f64() * 1e6 / ours.answered as f64,
            bare.rate,
            bare.cpu_us
        );
        stack.empty().await?;
        let half = ours.rate / 2.0;
        let bare_tail = at_rate(sink_at, &requests, half, plan.seconds).await?;
        let our_tail = at_rate(ingress_at, &requests, half, plan.seconds).await?;
        println!(
            "at {half:.0}/s: ingress p50 {:.2} p99 {:.2} ms; bare p50 {:.2} p99 {:.2} ms",
            our_tail.percentile(50.0),
            our_tail.percentile(99.0),
            bare_tail.percentile(50.0),
            bare_tail.percentile(99.0)
        );
        stack.empty().await?;
        if round > 0 {
            rates.push(ours.rate / bare.rate);
            cpus.push(ours.cpu_us / bare.cpu_us);
            tails.push(our_tail.percentile(99.0) / bare_tail.percentile(99.0));
        }
    }
    report.figure("ingress_vs_sink", rates);
    report.figure("ingress_cpu_vs_sink", cpus);
    report.figure("ingress_p99_vs_sink", tails);
    sink.stop().await?;
    ingress.stop().await
}

/// A run at saturation.
pub(super) struct Saturated {
    pub(super) rate: f64,
    pub(super) answered: u64,
    pub(super) cpu_us: f64,
}

pub(super) async fn saturate(
    address: SocketAddr,
    pid: u32,
    requests: &Requests,
    seconds: f64,
) -> Result<Saturated> {
    let before = cpu_time(pid)?;
    let time = Duration::from_secs_f64(seconds);
    let outcome = run(
        address,
        requests.clone(),
        CONNECTIONS,
        Pace::Closed { time },
    )
    .await?;
    let cpu = cpu_time(pid)? - before;
    ensure!(outcome.refused == 0, "{} were refused", outcome.refused);
    Ok(Saturated {
        rate: outcome.rate(),
        answered: outcome.ok,
        cpu_us: cpu.as_secs_f64() * 1e6 / outcome.ok as f64,
    })
}

async fn at_rate(
    address: SocketAddr,
    requests: &Requests,
    rate: f64,
    seconds: f64,
) -> Result<Outcome> {
    let time = Duration::from_secs_f64(seconds);
    let outcome = run(
        address,
        requests.clone(),
        CONNECTIONS,
        Pace::Open { rate, time },
    )
    .await?;
    ensure!(outcome.refused == 0, "{} were refused", outcome.refused);
    Ok(outcome)
}
