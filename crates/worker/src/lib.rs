//! Turns inbox entries into rows and events: webhooks, and what the outbox tells of messages on their way out.
//!
//! One batch goes through these stages, each a file, in this order:
//!
//! 1. `take`: reserve a batch as soon as one of the slots is free; keep the lease alive; rejoin when it was lost.
//! 2. `parse`: cut each webhook into updates that stand alone, read what the outbox tells; set aside what cannot be
//!    understood. The rest is an `item` each.
//! 3. `dedupe`: leave out what Redis remembers as committed.
//! 4. `echo`: tell the outbox which of its messages Meta has; conversations wait for that.
//! 5. `persist`: one transaction; while Postgres is away, wait: that is nobody's fault and spends no attempt.
//! 6. `numbers`: note business numbers, and raise the limits that Meta has raised.
//! 7. `publish`: after the commit, events for what is new (`events` says what they tell).
//! 8. `settle`: put failures off or bury them, then end the batch with one fenced script.
//!
//! `work` strings them together; `spans` are the traces of a batch and its entries, `count` is what the metrics are told.
//! `rows` says how Meta's words become rows, `outbound` how those of senders and dispatchers do; `maintain` keeps the
//! tables in shape.
//! [`run`] starts it all and stops in reverse order.

mod config;
mod context;
mod count;
mod dedupe;
mod echo;
mod events;
mod item;
mod maintain;
mod numbers;
mod outbound;
mod parse;
mod persist;
mod publish;
mod rows;
mod run;
mod settle;
mod spans;
mod take;
mod work;

pub use config::{Config, KEYS, WorkerSettings};
pub use run::{WorkerError, run};
