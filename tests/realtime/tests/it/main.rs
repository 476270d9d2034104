//! The promises of the realtime service, a file each.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::large_futures,
    reason = "test code: a panic is how it reports, and nothing here is polled often"
)]

mod crowd;
mod flow;
mod issuing;
mod limits;
mod none_missed;
mod own_alone;
mod positions;
mod redis_away;
mod replicas;
mod slow;

use tokio::sync::RwLock;

/// One test measures how long things take: the others hold this to read, and that one to write.
static MACHINE: RwLock<()> = RwLock::const_new(());

/// The business number where one is enough.
const NUMBER: &str = waypost_realtime_tests::feed::NUMBERS[0];
