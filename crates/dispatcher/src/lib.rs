//! Sends messages over the Graph API: in order, within limits, none twice.
//!
//! It knows Redis and Meta, not Postgres. One message goes through these stages, each a file, in this order:
//!
//! 1. `take`: reserve lane heads as slots get free; keep the lease alive; adopt what dead dispatchers held.
//! 2. `prepare`: address, token and body of the request, our id in it.
//! 3. `call`: post it. What comes back is an answer, a failure before anything was sent, or nobody knows.
//! 4. `understand`: which row of the error table that is. `judge`: what it means for the message, its pair, its number,
//!    the circuit breaker; `backoff` says when again.
//! 5. `settle`: end many with one script.
//!
//! `policy` decides about heads that are not to be sent: expired, orphaned, overdue. `configure` tells Redis what the file
//! of numbers says, and `notice` keeps the log short. `spans` are the traces, `count` what the metrics are told, and `sample`
//! reads what of them only Redis knows. [`run`] starts it all and stops in reverse order.

mod backoff;
mod call;
mod config;
mod configure;
mod context;
mod count;
mod judge;
mod notice;
mod outcome;
mod policy;
mod prepare;
mod run;
mod sample;
mod settle;
mod spans;
mod take;
mod understand;
mod work;

pub use config::{Config, DispatcherSettings, GraphSettings, KEYS};
pub use run::{DispatcherError, run};
