//! The promises of the admin plane, a file each.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::large_futures,
    reason = "test code: a panic is how it reports, and nothing here is polled often"
)]

mod access;
mod audit;
mod clear;
mod dead_letters;
mod metrics;
mod pause;
mod realtime;
mod stats;
mod timeline;

use std::time::Duration;

/// For what happens at once.
const SOON: Duration = Duration::from_secs(20);
