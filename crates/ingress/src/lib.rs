//! The two ways in: Meta's webhooks (receive, verify, accept, enqueue), and messages to be sent.
//!
//! A webhook that is answered 200 is durable: Redis has acknowledged it, or the spool has it on disk. Everything
//! else is answered with an error, and Meta sends it again for days. The body is never parsed here; what is signed
//! is taken, and making sense of it is the worker's business.
//!
//! The way of a webhook, in reading order:
//!
//! 1. `layers`: the tower layers around it, in one list.
//! 2. `receive`: path and method, and `answer`: all that is ever answered.
//! 3. `verify`: the handshake's token, the webhook's signature.
//! 4. `accept`: the steps of a webhook, over `body` (limit, patience, memory).
//! 5. `enqueue`: to Redis, or, when that is away, to the `spool`.
//!
//! Beside it, on a listener of its own, [`send`]: the Send API, through which messages go out.
//!
//! Around both: `spans`, the traces of what comes in; `config`, and `run`, where the order of start and stop stands.

mod accept;
mod answer;
mod app;
mod body;
mod config;
mod enqueue;
mod layers;
mod receive;
mod run;
pub mod send;
mod spans;
mod spool;
mod verify;

pub use config::{Config, KEYS};
pub use run::{IngressError, Listeners, run};
pub use spool::{SpoolError, SpoolSettings};
