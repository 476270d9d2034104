//! The services, one file for each; `snapshot` is what `stats` and `watch` of the queues read, and
//! `gauges` makes metrics of it.

mod audit;
mod clear;
mod conversations;
mod dead_letter;
mod decide;
pub(crate) mod gauges;
mod message;
mod number;
mod page;
mod queue;
mod realtime;
mod send_text;
mod snapshot;
mod why;

pub(crate) use audit::Audits;
pub(crate) use dead_letter::DeadLetters;
pub(crate) use message::Messages;
pub(crate) use number::Numbers;
pub(crate) use queue::Queues;
pub(crate) use realtime::Realtime;
pub(crate) use snapshot::Snapshots;
