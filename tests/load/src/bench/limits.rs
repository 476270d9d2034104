//! How exactly a limit is kept and used, by one dispatcher and by four.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::Plan;
use super::graph::{Lanes, Meta, dispatcher};
use super::report::Report;
use super::stack::Stack;
use crate::process::Program;

/// `limits.burst`, as a share of a second.
const BURST: f64 = 0.1;
/// Measured after the first second, in which the burst is spent.
const SECONDS: usize = 10;

pub(super) async fn measure(_plan: &Plan, report: &mut Report) -> Result<()> {
    for limit in [80, 1_000] {
        let (mut used, mut over) = (Vec::new(), Vec::new());
        for dispatchers in [1, 4] {
            let (share, worst) = precision(limit, dispatchers).await?;
            println!(
                "limit {limit}/s, {dispatchers} dispatcher(s): {:.1} % used, worst second {:.3} of limit and burst",
                share * 100.0,
                worst
            );
            used.push(share);
            over.push(worst);
        }
        // The worse of both is what counts, and not the median.
        let worst = |all: &[f64], pick: fn(f64, f64) -> f64| all.iter().copied().reduce(pick);
        report.figure(
            &format!("limit_{limit}_used"),
            worst(&used, f64::min).into_iter().collect(),
        );
        report.figure(
            &format!("limit_{limit}_overshoot"),
            worst(&over, f64::max).into_iter().collect(),
        );
    }
    Ok(())
}

/// The share of the limit that was used, and the worst second as a share of limit and burst.
async fn precision(limit: usize, dispatchers: usize) -> Result<(f64, f64)> {
    let (stack, meta) = (Stack::start().await?, Meta::start().await?);
    let lanes = Lanes::on(&stack).await?;
    lanes.fill(limit * (SECONDS + 4)).await?;
    let text = limit.to_string();
    let mut programs: Vec<Program> = Vec::new();
    for _ in 0..dispatchers {
        programs.push(dispatcher(&stack, &meta, &[("WAYPOST_LIMITS_NUMBER", &text)]).await?);
    }
    tokio::time::sleep(Duration::from_secs(SECONDS as u64 + 2)).await;
    let taken = meta.taken().await?;
    for program in programs {
        program.stop().await?;
    }
    meta.program.stop().await?;
    ensure!(
        taken.len() > limit,
        "only {} messages were sent",
        taken.len()
    );
    let from = taken[0] + Duration::from_secs(1);
    let to = from + Duration::from_secs(SECONDS as u64);
    ensure!(
        taken.last().is_some_and(|last| *last >= to),
        "the messages were used up too early"
    );
    let within = taken.iter().filter(|at| **at >= from && **at < to).count();
    let share = within as f64 / (limit * SECONDS) as f64;
    let most = limit as f64 * (1.0 + BURST);
    Ok((share, worst_second(&taken) as f64 / most))
}

/// The most messages in any second, wherever it begins.
fn worst_second(taken: &[Duration]) -> usize {
    let (mut worst, mut first) = (0, 0);
    for (place, at) in taken.iter().enumerate() {
        while *at - taken[first] >= Duration::from_secs(1) {
            first += 1;
        }
        worst = worst.max(place + 1 - first);
    }
    worst
}
