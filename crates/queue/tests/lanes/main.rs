//! Lanes, limits and the circuit breaker, on a real Redis.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "test code: what cannot go on ends the test"
)]

mod breaker;
mod common;
mod crash;
mod echo;
mod limits;
mod numbers;
mod order;
mod times;
