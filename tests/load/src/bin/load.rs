//! Sends signed webhooks to any address at a fixed rate and prints what came back.
#![allow(clippy::print_stdout, reason = "a program that reports to a terminal")]

use std::net::SocketAddr;
use std::time::Duration;

use clap::Parser;
use waypost_load::client::{Pace, requests, run};
use waypost_load::corpus::webhooks;

/// Open-loop load generator: requests are due at a fixed rate, latency counts from the moment each was due.
#[derive(Parser)]
struct Arguments {
    /// Where to send, on this machine.
    #[arg(default_value = "127.0.0.1:8080")]
    address: SocketAddr,
    /// Requests a second; 0 for as many as the answers allow (closed loop).
    #[arg(long, default_value_t = 1000.0)]
    rate: f64,
    /// Seconds.
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// Connections.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Path.
    #[arg(long, default_value = "/webhook")]
    path: String,
    /// Distinct webhooks.
    #[arg(long, default_value_t = 20_000)]
    distinct: usize,
    /// Seed of the webhooks.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    anyhow::ensure!(
        arguments.address.ip().is_loopback(),
        "this generator only loads servers on this machine"
    );
    let time = Duration::from_secs_f64(arguments.seconds);
    let pace = if arguments.rate > 0.0 {
        Pace::Open {
            rate: arguments.rate,
            time,
        }
    } else {
        Pace::Closed { time }
    };
    let corpus = requests(
        &webhooks(arguments.distinct, arguments.seed),
        &arguments.path,
    );
    let outcome = run(arguments.address, corpus, arguments.connections, pace).await?;
    println!(
        "answered_200_per_s {:.0} refused {} p50_ms {:.2} p99_ms {:.2} p999_ms {:.2} max_ms {:.2}",
        outcome.rate(),
        outcome.refused,
        outcome.percentile(50.0),
        outcome.percentile(99.0),
        outcome.percentile(99.9),
        outcome.percentile(100.0),
    );
    Ok(())
}
