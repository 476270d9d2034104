//! The commands that talk to the admin plane, against a server that speaks its protocol and gives canned answers. In reading order:
//!
//! - `canned`: the server; `services`: what it answers. `stream`: a realtime service to go with it.
//! - `program`: `waypost` as a process, with pipes or on a terminal of its own.
//! - `queries`, `changes`, `access`, `tail`, `terminal`: the tests. `real`: one against `waypost up`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code"
)]

mod access;
mod canned;
mod changes;
mod program;
mod queries;
mod real;
mod services;
mod stream;
mod tail;
mod terminal;
