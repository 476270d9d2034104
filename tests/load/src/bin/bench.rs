//! Takes every figure and writes `target/bench.json`.

use clap::Parser;
use waypost_load::bench;

/// Measures Waypost beside its yardsticks, in one run on this machine, and prints ratios.
#[derive(Parser)]
struct Arguments {
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 4.0)]
    seconds: f64,
    /// Rounds; each figure is the median of its rounds.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Only figures whose name contains this.
    #[arg(long, default_value = "")]
    only: String,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    bench::all(&bench::Plan {
        seconds: arguments.seconds,
        rounds: arguments.rounds,
        only: arguments.only,
    })
    .await
}
