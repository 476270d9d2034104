//! What every process does alike: serve, drain, phases, admin endpoints.
//!
//! A process starts, runs, drains and stops; [`phase`] makes these values that others can watch, and [`health`]
//! adds named checks to them. [`signal::shutdown`] is what ends a process. [`listen()`] binds an address, and
//! [`serve()`] is the accept loop of every listener, with its limits, its timeouts and its drain; [`admin`] is the
//! small private one that load balancers and Kubernetes ask.
//!
//! In reading order: [`phase`], [`health`], [`signal`], [`serve()`] (`serve/`: `accept`, `connection`, `watchdog`,
//! `activity`, `io`), [`tls`], the tower layers of [`layers`], [`request_id`], [`patience`],
//! [`keys`], [`admin`], [`program`] (`probe` is its `--health`).

pub mod admin;
pub mod health;
pub mod keys;
pub mod layers;
mod listen;
pub mod patience;
pub mod phase;
mod probe;
pub mod program;
pub mod request_id;
mod serve;
pub mod signal;
pub mod tls;

pub use admin::AdminSettings;
pub use health::Health;
pub use listen::listen;
pub use phase::Phase;
pub use request_id::RequestId;
pub use serve::{Drained, Peer, ServeSettings, serve};
pub use tls::{Tls, TlsError, TlsSettings};
