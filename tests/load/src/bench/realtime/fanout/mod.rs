//! A thousand events a second to a thousand clients that all may see them, over server-sent events.
//!
//! A million deliveries a second, and their receipt, on the processors that the service has too. So clients share one
//! thread and one buffer, look for a mark in what they read, and parse nothing. Each delivery is counted and must come in
//! its turn; the time of one in eight is kept.

mod clients;
mod publisher;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use hdrhistogram::Histogram;

use super::service::{Realtime, token};
use crate::bench::Plan;
use crate::bench::report::Report;
use crate::bench::stack::Stack;
use crate::process::cpu_time;

const CLIENTS: usize = 1_000;
/// Events a second.
const RATE: f64 = 1_000.0;
/// What is tried when that is too much.
const LOWER: [f64; 4] = [800.0, 600.0, 400.0, 200.0];
/// A queue that slowly grows needs time to be seen.
const LONGER: f64 = 2.0;
/// Time of the last deliveries, after the last event was due.
const LATE: Duration = Duration::from_secs(1);
/// The number of the business that all of them watch.
const NUMBER: &str = "106540352242922";

/// What publisher and clients know of a run.
struct Load {
    rate: f64,
    events: usize,
    /// Times are microseconds after this.
    origin: Instant,
    /// When each event was sent to Redis.
    sent: Box<[AtomicU64]>,
    /// Whether all were.
    published: AtomicBool,
}

/// What came of it.
struct Run {
    /// Deliveries that never came.
    missing: usize,
    /// Deliveries a second, from when the first event was due to the last delivery.
    rate: f64,
    took: Duration,
    /// Microseconds from the event's way to Redis to its receipt.
    latency: Histogram<u64>,
    /// Microseconds by which events were published late.
    late: Histogram<u64>,
    cpu: Cpu,
}

/// Microseconds of CPU for each delivery.
struct Cpu {
    service: f64,
    redis: f64,
    clients: f64,
}

pub(super) async fn measure(plan: &Plan, report: &mut Report) -> Result<()> {
    let stack = Stack::start().await?;
    let (mut median, mut tail) = (Vec::new(), Vec::new());
    for round in 0..=plan.rounds {
        let run = run(&stack, RATE, plan.seconds * LONGER).await?;
        run.print(RATE);
        // What never came has no time, so there is no percentile either.
        if round > 0 && run.missing == 0 {
            median.push(run.millis(0.5));
            tail.push(run.millis(0.99));
        }
    }
    let sustained = tail.len() == plan.rounds;
    report.figure("fanout_p50_ms", median);
    report.figure("fanout_p99_ms", tail);
    if sustained {
        return Ok(());
    }
    for rate in LOWER {
        let run = run(&stack, rate, plan.seconds * LONGER).await?;
        run.print(rate);
        if run.missing == 0 && run.took < Duration::from_secs_f64(plan.seconds * LONGER) + LATE {
            println!(
                "fan-out: {rate} events/s to {CLIENTS} clients is the most that was sustained"
            );
            break;
        }
    }
    Ok(())
}

async fn run(stack: &Stack, rate: f64, seconds: f64) -> Result<Run> {
    let realtime = Realtime::start(stack).await?;
    let events = (rate * seconds) as usize;
    let load = Arc::new(Load {
        rate,
        events,
        origin: Instant::now(),
        sent: (0..events).map(|_| AtomicU64::new(0)).collect(),
        published: AtomicBool::new(false),
    });
    let clients = clients::connect(realtime.at, token(&[NUMBER])?, Arc::clone(&load)).await?;
    let pids = [
        realtime.program.pid(),
        stack.redis.pid().context("Redis")?,
        std::process::id(),
    ];
    let before = pids.map(cpu_time);
    let published = publisher::publish(stack.redis.url(), Arc::clone(&load)).await?;
    let received = clients.received().await?;
    let deliveries = received.counts.iter().sum::<usize>();
    let mut cpu = [0.0; 3];
    for ((cpu, pid), before) in cpu.iter_mut().zip(pids).zip(before) {
        *cpu = (cpu_time(pid)? - before?).as_secs_f64() * 1e6 / deliveries as f64;
    }
    realtime.program.stop().await?;
    let took = received.last.saturating_sub(published.first);
    Ok(Run {
        missing: events * CLIENTS - deliveries,
        rate: deliveries as f64 / took.as_secs_f64(),
        took,
        latency: received.latency,
        late: published.late,
        cpu: Cpu {
            service: cpu[0],
            redis: cpu[1],
            clients: cpu[2],
        },
    })
}

impl Load {
    fn now(&self) -> u64 {
        self.origin.elapsed().as_micros() as u64
    }

    fn sent(&self, event: usize) -> u64 {
        self.sent[event].load(Ordering::Relaxed)
    }
}

impl Run {
    fn millis(&self, quantile: f64) -> f64 {
        self.latency.value_at_quantile(quantile) as f64 / 1e3
    }

    fn print(&self, rate: f64) {
        println!(
            "fan-out: {rate} events/s to {CLIENTS} clients: {:.0} deliveries/s, {} missing, p50 {:.2} p99 {:.2} max {:.2} ms",
            self.rate,
            self.missing,
            self.millis(0.5),
            self.millis(0.99),
            self.millis(1.0),
        );
        println!(
            "fan-out: {:.3} us CPU a delivery, clients {:.3} us, Redis {:.3} us; events were published {:.2} ms late at p99",
            self.cpu.service,
            self.cpu.clients,
            self.cpu.redis,
            self.late.value_at_quantile(0.99) as f64 / 1e3,
        );
    }
}
