//! Lanes, limits and the circuit breaker, on a real Redis.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "test code: what cannot go on ends the test"
)]

mod breaker;
mod busy;
mod clear;
mod clear_race;
mod common;
mod crash;
mod dead;
mod echo;
mod figures;
mod limits;
mod numbers;
mod order;
mod pause;
mod times;
