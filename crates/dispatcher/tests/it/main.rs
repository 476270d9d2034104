//! The dispatcher between a real Redis and a fake Meta.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "test code: what cannot go on ends the test"
)]

mod common;
mod figures;
mod life;
mod meta;
mod numbers;
mod outcomes;
mod traces;
mod unknown;
