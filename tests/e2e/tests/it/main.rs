//! One program, so that all tests share one Redis and one Postgres when they are run by themselves.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "test code: a panic is how it reports"
)]

mod bad_bodies;
mod coexistence;
mod collector_away;
mod contacts;
mod conversation;
mod every_kind;
mod nothing_private_is_told;
mod one_trace_each;
mod outbound_facts;
mod poison;
mod same_webhook;
mod sampling;
mod statuses;
mod system;
mod window;

use std::time::Duration;

/// For what takes a second when nothing else runs.
const SOON: Duration = Duration::from_secs(20);

/// For what takes several.
const LATER: Duration = Duration::from_secs(60);
