//! What a collector that is away or does not answer costs: throughput of ingress, worker and dispatcher, each with every trace
//! kept, against the same with a collector that answers at once, and against no telemetry at all. In turn, within each round.

use std::net::SocketAddr;

use anyhow::Result;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;
use waypost_harness::free_port;
use waypost_local::{Postgres, PostgresOptions, scratch_dir};

use super::Plan;
use super::dispatcher;
use super::graph::Meta;
use super::ingress::saturate;
use super::report::Report;
use super::stack::{Stack, database, local, migrate};
use super::worker::worked;
use crate::client::requests;
use crate::corpus::webhooks;
use crate::process::Program;

/// The differences are smaller than what one round says: as many times more of them than for other figures.
const ROUNDS: usize = 3;
const DISTINCT: usize = 20_000;
const UPDATES: usize = 60_000;

/// Where spans and metrics go.
#[derive(Clone, Copy, PartialEq)]
enum Collector {
    /// Nowhere: no address is set.
    Unset,
    /// To one that takes them at once and keeps nothing.
    Up,
    /// Nobody listens at its address.
    Down,
    /// One that takes connections, reads nothing and answers nothing.
    Silent,
}

const ALL: [Collector; 4] = [
    Collector::Unset,
    Collector::Up,
    Collector::Down,
    Collector::Silent,
];

/// The collectors of one run.
struct Collectors {
    up: String,
    down: String,
    silent: String,
    _sink: Program,
    _listener: AbortOnDropHandle<()>,
}

impl Collectors {
    async fn start(stack: &Stack) -> Result<Self> {
        let (sink, up) = stack.sink().await?;
        let listener = TcpListener::bind(local(0)).await?;
        let silent = listener.local_addr()?;
        let held = async move {
            let mut open = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                open.push(stream);
            }
        };
        let url = |at: SocketAddr| format!("http://{at}");
        Ok(Self {
            up: url(up),
            down: url(local(free_port()?)),
            silent: url(silent),
            _sink: sink,
            _listener: AbortOnDropHandle::new(tokio::spawn(held)),
        })
    }

    /// What a program is told of its collector.
    fn settings(&self, collector: Collector) -> Vec<(&'static str, &str)> {
        let endpoint = match collector {
            Collector::Unset => return Vec::new(),
            Collector::Up => &self.up,
            Collector::Down => &self.down,
            Collector::Silent => &self.silent,
        };
        vec![
            ("WAYPOST_TELEMETRY_OTLP_ENDPOINT", endpoint),
            ("WAYPOST_TELEMETRY_OTLP_PROTOCOL", "http"),
            ("WAYPOST_TELEMETRY_INTERVAL", "1s"),
        ]
    }
}

pub(super) async fn measure(plan: &Plan, report: &mut Report) -> Result<()> {
    let stack = Stack::start().await?;
    let collectors = Collectors::start(&stack).await?;
    let rounds = plan.rounds * ROUNDS;
    let taken = ingress(&stack, &collectors, plan.seconds, rounds).await?;
    tell("ingress", &taken, report);
    let taken = worker(&stack, &collectors, rounds).await?;
    tell("worker", &taken, report);
    let taken = sending(&stack, &collectors, rounds).await?;
    tell("dispatcher", &taken, report);
    Ok(())
}

/// Rates of one round, in the order of [`ALL`].
type Rates = [f64; ALL.len()];

fn tell(service: &str, rounds: &[Rates], report: &mut Report) {
    let against = |one: usize, other: usize| {
        rounds
            .iter()
            .map(move |rates| rates[one] / rates[other])
            .collect()
    };
    report.figure(&format!("telemetry_{service}_up_vs_unset"), against(1, 0));
    report.figure(&format!("telemetry_{service}_down_vs_up"), against(2, 1));
    report.figure(&format!("telemetry_{service}_silent_vs_up"), against(3, 1));
}

/// Who comes first changes from round to round, so that what a round does to the next measurement hits all alike.
fn order(round: usize) -> impl Iterator<Item = (usize, Collector)> {
    (0..ALL.len()).map(move |step| {
        let place = (round + step) % ALL.len();
        (place, ALL[place])
    })
}

async fn ingress(
    stack: &Stack,
    collectors: &Collectors,
    seconds: f64,
    rounds: usize,
) -> Result<Vec<Rates>> {
    let requests = requests(&webhooks(DISTINCT, 1), "/webhook");
    let mut programs = Vec::new();
    for collector in ALL {
        let send_at = local(free_port()?);
        let settings = collectors.settings(collector);
        programs.push(stack.ingress_with(send_at, &settings).await?);
    }
    let mut taken = Vec::new();
    for round in 0..=rounds {
        let mut rates = Rates::default();
        for (place, _) in order(round) {
            let (program, address) = &programs[place];
            let run = saturate(*address, program.pid(), &requests, seconds).await?;
            rates[place] = run.rate;
            stack.empty().await?;
        }
        println!("ingress, webhooks/s: {rates:.0?} (no telemetry, collector up, down, silent)");
        taken.push(rates);
    }
    // The first round only warms up.
    taken.remove(0);
    Ok(taken)
}

async fn worker(stack: &Stack, collectors: &Collectors, rounds: usize) -> Result<Vec<Rates>> {
    let dir = scratch_dir()?;
    let postgres = Postgres::start(&PostgresOptions::in_dir(dir.path())).await?;
    let mut taken = Vec::new();
    for round in 0..=rounds {
        let mut rates = Rates::default();
        let corpus = webhooks(UPDATES, 500 + round as u64);
        for (place, collector) in order(round) {
            let url = database(&postgres, &format!("telemetry_{round}_{place}")).await?;
            migrate(&url).await?;
            rates[place] = worked(stack, &url, &corpus, &collectors.settings(collector)).await?;
            stack.empty().await?;
        }
        println!("worker, updates/s: {rates:.0?} (no telemetry, collector up, down, silent)");
        taken.push(rates);
    }
    taken.remove(0);
    Ok(taken)
}

async fn sending(stack: &Stack, collectors: &Collectors, rounds: usize) -> Result<Vec<Rates>> {
    let mut taken = Vec::new();
    for round in 0..=rounds {
        let mut rates = Rates::default();
        for (place, collector) in order(round) {
            let meta = Meta::start().await?;
            rates[place] = dispatcher::ours(stack, &meta, &collectors.settings(collector)).await?;
            meta.program.stop().await?;
            stack.empty().await?;
        }
        println!("dispatcher, messages/s: {rates:.0?} (no telemetry, collector up, down, silent)");
        taken.push(rates);
    }
    taken.remove(0);
    Ok(taken)
}
