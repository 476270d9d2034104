//! All figures, in one run on one machine.

mod compress;
mod dispatcher;
mod graph;
mod idle;
mod ingress;
mod lanes;
mod limits;
mod node;
mod realtime;
mod report;
mod send;
mod stack;
mod stats;
mod telemetry;
mod worker;

use anyhow::Result;
use report::Report;

/// How long and how often to measure.
pub struct Plan {
    /// Seconds of each measurement.
    pub seconds: f64,
    /// Rounds; a figure is the median of its rounds.
    pub rounds: usize,
    /// Only figures whose group's name contains this.
    pub only: String,
}

impl Plan {
    /// Whether a group of this name is to be measured.
    fn wants(&self, group: &str) -> bool {
        group.contains(&self.only)
    }
}

/// Takes every figure, prints it as it comes, writes `target/bench.json`.
///
/// # Errors
/// When a program cannot be started or dies. A yardstick that is not there only leaves its figure out.
pub async fn all(plan: &Plan) -> Result<()> {
    let mut report = Report::default();
    let wanted = |name| plan.wants(name);
    if wanted("ingress") {
        ingress::measure(plan, &mut report).await?;
    }
    if wanted("node") {
        node::measure(plan, &mut report).await?;
    }
    if wanted("idle") {
        idle::measure(&mut report).await?;
    }
    if wanted("worker") {
        worker::measure(plan, &mut report).await?;
    }
    if wanted("send") {
        send::measure(plan, &mut report).await?;
    }
    if wanted("dispatcher") {
        dispatcher::measure(plan, &mut report).await?;
    }
    if wanted("limits") {
        limits::measure(plan, &mut report).await?;
    }
    if wanted("lanes") {
        lanes::measure(plan, &mut report).await?;
    }
    if wanted("stats") {
        stats::measure(plan, &mut report).await?;
    }
    if wanted("telemetry") {
        telemetry::measure(plan, &mut report).await?;
    }
    realtime::measure(plan, &mut report).await?;
    // Only on request: it makes no figure.
    if plan.only == "compress" {
        compress::measure().await?;
        return Ok(());
    }
    report.write()
}
