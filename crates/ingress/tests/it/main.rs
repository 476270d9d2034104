//! The ingress over real sockets and a real Redis, in the process and as the program.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::large_futures,
    reason = "test code"
)]

mod answers;
mod bad_inputs;
mod drain;
mod local_redis;
mod outage;
mod program;
mod raw;
mod send;
mod send_batch;
mod send_refused;
mod sender;
mod service;
mod spool;
mod tls;
