//! Events in the browser: how soon after a webhook, what a thousand browsers at once cost, and what one that only waits
//! does.
//!
//! In reading order: `service`, the program under test; `socket` and `sse`, its two kinds of clients; `latency`, from a
//! webhook to a browser, beside the replaced design; `fanout`, one event to many; `waiting`, memory of idle clients.

mod fanout;
mod latency;
mod service;
mod socket;
mod sse;
mod waiting;

use anyhow::Result;

use super::Plan;
use super::report::Report;
use crate::process::allow_files;

/// Enough for all clients on one side, and whatever else is open.
const FILES: u64 = 8_192;

pub(super) async fn measure(plan: &Plan, report: &mut Report) -> Result<()> {
    allow_files(FILES)?;
    if plan.wants("realtime_latency") {
        latency::measure(plan, report).await?;
    }
    if plan.wants("realtime_fanout") {
        fanout::measure(plan, report).await?;
    }
    if plan.wants("realtime_waiting") {
        waiting::measure(report).await?;
    }
    Ok(())
}
