//! Turns inbox entries into rows and events.
//!
//! One batch goes through these stages, each a file, in this order:
//!
//! 1. `take`: reserve a batch as soon as one of the slots is free; keep the lease alive; rejoin when it was lost.
//! 2. `parse`: cut each webhook into updates that stand alone; set aside what cannot be understood.
//! 3. `dedupe`: leave out what Redis remembers as committed.
//! 4. `persist`: one transaction; while Postgres is away, wait: that is nobody's fault and spends no attempt.
//! 5. `publish`: after the commit, events for what is new (`events` says what they tell).
//! 6. `settle`: put failures off or bury them, then end the batch with one fenced script.
//!
//! `work` strings them together; `rows` says how Meta's words become rows; `maintain` keeps the tables in shape.
//! [`run`] starts it all and stops in reverse order.

mod config;
mod context;
mod dedupe;
mod events;
mod maintain;
mod parse;
mod persist;
mod publish;
mod rows;
mod run;
mod settle;
mod take;
mod work;

pub use config::{Config, KEYS, WorkerSettings};
pub use run::{WorkerError, run};
