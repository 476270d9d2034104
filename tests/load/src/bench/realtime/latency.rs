//! From a webhook to a browser: Waypost beside the design that it replaces, on the same Redis and Postgres, in turn.
//!
//! The same client for both. Webhooks are due at a fixed rate, whatever the answers do; the time of each counts from the
//! moment it was due to the moment at which a Socket.IO client has its event.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use hdrhistogram::Histogram;
use waypost_harness::bin;
use waypost_local::{Postgres, PostgresOptions, scratch_dir};

use super::service::{Realtime, token};
use super::socket::Socket;
use crate::bench::Plan;
use crate::bench::node::Baseline;
use crate::bench::report::Report;
use crate::bench::stack::{Stack, database, migrate};
use crate::client::{Pace, requests, run};
use crate::corpus::{Webhook, webhooks};
use crate::process::Program;

/// As many as the replaced design's own load generator keeps open.
const CONNECTIONS: usize = 64;
/// Of tails there are few: they get twice the time of other figures.
const LONGER: f64 = 2.0;
/// Nothing came for so long: nothing will.
const SILENCE: Duration = Duration::from_secs(10);

/// Figures by their rates, in webhooks a second.
const FIGURES: [(&str, f64); 2] = [
    ("realtime_p99_vs_node_200", 200.0),
    ("realtime_p99_vs_node", 800.0),
];

pub(super) async fn measure(plan: &Plan, report: &mut Report) -> Result<()> {
    let stack = Stack::start().await?;
    let dir = scratch_dir()?;
    let postgres = Postgres::start(&PostgresOptions::in_dir(dir.path())).await?;
    let theirs = match Baseline::find() {
        Ok(baseline) => Some(System::node(&baseline, &stack, &postgres).await?),
        Err(why) => {
            println!("realtime_p99_vs_node left out: {why:#}");
            None
        }
    };
    let ours = System::waypost(&stack, &postgres).await?;
    for (step, (name, rate)) in FIGURES.into_iter().enumerate() {
        let mut ratios = Vec::new();
        for round in 0..=plan.rounds {
            let count = (rate * plan.seconds * LONGER) as usize;
            let corpus = webhooks(count, (1_000 * (step + 1) + round) as u64);
            let node = match &theirs {
                Some(theirs) => Some(theirs.times(&corpus, rate).await?),
                None => None,
            };
            let waypost = ours.times(&corpus, rate).await?;
            waypost.print("Waypost", rate);
            let Some(node) = node else { continue };
            node.print("Node", rate);
            if round > 0 {
                ratios.push(millis(&waypost.whole, 0.99) / millis(&node.whole, 0.99));
            }
        }
        report.figure(name, ratios);
    }
    for program in ours
        .programs
        .into_iter()
        .chain(theirs.into_iter().flat_map(|node| node.programs))
    {
        program.stop().await?;
    }
    Ok(())
}

/// Whatever takes webhooks at one end and gives events at the other.
struct System {
    programs: Vec<Program>,
    webhooks_at: SocketAddr,
    events_at: SocketAddr,
    token: String,
}

impl System {
    async fn waypost(stack: &Stack, postgres: &Postgres) -> Result<Self> {
        let url = database(postgres, "bench_waypost").await?;
        migrate(&url).await?;
        let (ingress, webhooks_at) = stack.ingress().await?;
        let realtime = Realtime::start(stack).await?;
        let worker = Program::start(
            &bin("waypost-worker"),
            &[],
            &[
                ("WAYPOST_REDIS_URL", stack.redis.url()),
                ("WAYPOST_POSTGRES_URL", url),
            ],
        )?;
        Ok(Self {
            programs: vec![ingress, worker, realtime.program],
            webhooks_at,
            events_at: realtime.at,
            token: token(&[])?,
        })
    }

    async fn node(baseline: &Baseline, stack: &Stack, postgres: &Postgres) -> Result<Self> {
        let url = database(postgres, "bench_node").await?;
        let (worker, events_at) = baseline.worker(stack, &url).await?;
        let (ingress, webhooks_at) = baseline.ingress(stack).await?;
        Ok(Self {
            programs: vec![ingress, worker],
            webhooks_at,
            events_at,
            // It asks for none.
            token: String::new(),
        })
    }

    async fn times(&self, corpus: &[Webhook], rate: f64) -> Result<Times> {
        let socket = Socket::connect(self.events_at, &self.token).await?;
        let events = tokio::spawn(events(socket, corpus.len()));
        let time = Duration::from_secs_f64(corpus.len() as f64 / rate);
        let sent = run(
            self.webhooks_at,
            requests(corpus, "/webhook"),
            CONNECTIONS,
            Pace::Open { rate, time },
        )
        .await?;
        ensure!(sent.refused == 0, "{} were refused", sent.refused);
        let came = events.await??;
        let mut whole = Histogram::new(3)?;
        for (i, webhook) in corpus.iter().enumerate() {
            let at = came
                .get(id(&webhook.body)?)
                .context("an event is missing")?;
            let due = sent.started + Duration::from_secs_f64(i as f64 / rate);
            whole.record(at.saturating_duration_since(due).as_micros() as u64)?;
        }
        Ok(Times {
            whole,
            answer: sent.latency,
        })
    }
}

/// Microseconds from when each webhook was due.
struct Times {
    /// To its event.
    whole: Histogram<u64>,
    /// To its answer.
    answer: Histogram<u64>,
}

/// Takes events of so many messages and statuses: when each came first, by Meta's id. Nothing is parsed meanwhile.
async fn events(mut socket: Socket, count: usize) -> Result<HashMap<Vec<u8>, Instant>> {
    let mut came = HashMap::with_capacity(count);
    while came.len() < count {
        let packet = tokio::time::timeout(SILENCE, socket.event())
            .await
            .with_context(|| format!("{} of {count} events came", came.len()))??;
        // Others tell of no message.
        if let Ok(id) = id(packet.as_bytes()) {
            came.entry(id.to_vec()).or_insert_with(Instant::now);
        }
    }
    Ok(came)
}

/// The first id of Meta's in a text: whatever else a message mentions stands behind its own.
fn id(text: &[u8]) -> Result<&[u8]> {
    let start = memchr::memmem::find(text, b"\"wamid.").context("there is no id")? + 1;
    let length = memchr::memchr(b'"', &text[start..]).context("an id has no end")?;
    Ok(&text[start..start + length])
}

impl Times {
    fn print(&self, name: &str, rate: f64) {
        println!(
            "webhook to browser at {rate}/s: {name} p50 {:.2} p99 {:.2} max {:.2} ms; answered p50 {:.2} p99 {:.2} ms",
            millis(&self.whole, 0.5),
            millis(&self.whole, 0.99),
            millis(&self.whole, 1.0),
            millis(&self.answer, 0.5),
            millis(&self.answer, 0.99),
        );
    }
}

fn millis(times: &Histogram<u64>, quantile: f64) -> f64 {
    times.value_at_quantile(quantile) as f64 / 1e3
}
