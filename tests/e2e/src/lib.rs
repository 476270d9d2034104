//! End-to-end tests: a webhook over a socket to rows and events.
//!
//! The tests are in `tests/it`, a file for each promise. Here is what they stand on, in reading order:
//!
//! - [`Stage`]: the servers and settings of one test, and all that can be seen from outside: rows, events, the queue,
//!   dead letters.
//! - [`webhook`]: small webhooks by hand, for tests that must know every id. Whole scenarios come from the sandbox.
//! - [`sends`]: messages to send by hand.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code: a panic is how it reports"
)]

pub mod sends;
mod stage;
pub mod webhook;

pub use stage::{Heard, Stage};
