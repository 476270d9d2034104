//! Open-loop load generator and the benchmarks behind `make bench`.
//!
//! * [`corpus`]: distinct, signed webhooks in the mix of a notification sender; same seed, same bytes.
//! * [`client`]: sends them, as fast as answers come (closed loop) or at a fixed rate whatever the answers do
//!   (open loop, latency counted from the moment a request was due).
//! * [`process`]: programs under test, their CPU time and memory as the system counts them.
//! * [`mod@bench`]: the figures, one file each, and how they are reported.
//!
//! Programs: `bench` (all figures, `target/bench.json`), `load` (any URL), `sink` (the bare hyper server that the
//! ingress is measured against).
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "programs that report to a terminal"
)]

pub mod bench;
pub mod client;
pub mod corpus;
pub mod process;
