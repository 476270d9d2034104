//! Tests that kill, cut, delay and flood.
//!
//! The tests are in `tests/it`, a file for each thing that breaks. Here is what they stand on, in reading order:
//!
//! - [`Load`]: Meta, sending without pause and again what was not answered 200, until it is told to stop.
//! - [`Sent`]: what has been answered 200, and so must be there exactly once ([`stored_once`]).
//! - [`Outbound`]: the way out: a fake Meta with faults, and whoever sends through us.
//! - [`Weather`]: moments that nobody can foresee.
//! - [`Balancer`]: one address for whichever replica is ready. [`Steady`]: whoever asks without a break and takes no second try.
//!   [`Halfway`]: a webhook that is still coming in.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "test code: a panic is how it reports"
)]

mod balancer;
mod halfway;
mod load;
mod outbound;
mod sent;
mod steady;
mod weather;

pub use balancer::Balancer;
pub use halfway::Halfway;
pub use load::Load;
pub use outbound::{Draft, Outbound, Posted, hasty};
pub use sent::{Sent, stored_once};
pub use steady::Steady;
pub use weather::Weather;
