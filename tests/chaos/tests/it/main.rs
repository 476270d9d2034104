//! One program, so that all tests share one Redis and one Postgres when they are run by themselves.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code: a panic is how it reports"
)]

mod committed_not_told;
mod drain;
mod kill_redis;
mod kill_worker;
mod lapsed_worker;
mod network;
mod no_postgres;
mod no_redis;
mod outbound_limits;
mod outbound_outages;
mod outbound_storm;
mod rolling_restart;

use std::time::Duration;

use waypost_e2e::Stage;

/// Within which everything that was taken must have been handled, once all is well again.
const HEALED: Duration = Duration::from_secs(40);

/// The shortest lease that the other defaults allow, so that a test need not wait ten seconds for each dead worker.
fn short_lease(stage: Stage) -> Stage {
    stage
        .with("inbox.lease", "3s")
        .with("inbox.heartbeat", "500ms")
}
