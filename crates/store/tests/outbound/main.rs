//! Messages sent through us.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

#[path = "../support/mod.rs"]
mod support;

mod orders;
mod single;
