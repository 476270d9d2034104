//! One trace from the webhook to its event, links where many meet, and what the metrics say afterwards: with ingress and
//! worker in this process, real servers, and a collector that keeps what it gets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "test code: a panic is how it reports"
)]

mod figures;
mod journeys;
mod stage;
mod telemetry;
