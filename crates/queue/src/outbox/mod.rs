//! The outbox: one lane for each conversation and priority, and what decides whose head may go.
//!
//! In reading order:
//!
//! * `outgoing`, `fact`, `progress`: what the lanes hold, what is told to the worker, how far a head has come.
//! * `accept`: [`Acceptor`] puts messages into their lanes, many with one script.
//! * `lanes`: [`LaneConsumer`] leases heads that may go; `settle` ends them; `lease` notices dead dispatchers.
//! * `control`: [`Outbox`] for whoever else has to do with it: limits, pause, stop. `echo`: what Meta has all the same.
//!   `decide`: what somebody decides about unknown outcomes. `stats`, `numbers`: figures. `clear`: throwing away what
//!   waits. `dead`: dead letters.
//!
//! Everything that must hold at once (order, limits, breaker, facts) happens in the scripts of `lua/lanes`, each over
//! the keys of one partition; [`crate::keys::LaneKeys`] lists them.

mod accept;
mod clear;
mod control;
mod dead;
mod decide;
mod echo;
mod fact;
mod lanes;
mod lease;
mod numbers;
mod outgoing;
mod progress;
mod settings;
mod settle;
mod stats;

pub use accept::{AcceptError, Accepted, Acceptor, AcceptorTask, Idempotency};
pub use control::{LimitBy, NumberConfig, Outbox};
pub use dead::{DeadOutgoing, DeadOutgoingFilter};
pub use echo::Echo;
pub use fact::Fact;
pub use lanes::{Cause, LaneConsumer, LaneReserved, LaneWaiter, Turn};
pub use numbers::NumberStats;
pub use outgoing::Outgoing;
pub use progress::{AttemptError, Progress};
pub use settings::{LaneSettings, OutboxSettings};
pub use settle::{Ending, How, Settle, Signal, Slow, Stop};
pub use stats::OutboxStats;

#[cfg(test)]
pub(crate) mod tests;
