//! What every integration test stands on: Redis, Postgres, databases from a template, services, deadlines.
//!
//! Nothing here is a mock. `make test` runs the program of this package (`main.rs`) around all tests, so that one Redis
//! and one Postgres serve them all; without it, each test process starts its own at first use. In reading order:
//!
//! - `shared`: those two servers, and where they come from.
//! - [`redis()`] and [`database()`]: a test's own corner of them: a key prefix, a database copied from a template.
//! - [`private_redis()`] and [`private_postgres()`]: servers of one test's own, to kill and to restart.
//! - [`eventually()`]: conditions with a deadline, instead of sleeping for luck.
//! - [`Services`]: ingress and worker inside the test or as processes, over [`bin()`] and [`Process`].
//! - [`Client`]: Meta, as far as a test needs it. [`proxy`]: a network that can be cut. [`otlp`]: a collector.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "test code: a panic is how it reports"
)]

mod binary;
mod client;
mod database;
mod eventually;
pub mod otlp;
mod private;
mod process;
pub mod proxy;
mod redis;
pub mod services;
mod shared;

pub use binary::bin;
pub use client::{Client, Reply};
pub use database::{TestDatabase, database};
pub use eventually::{eventually, eventually_some};
pub use private::{PrivatePostgres, PrivateRedis, private_postgres, private_redis};
pub use process::Process;
pub use redis::{TestRedis, redis};
pub use services::Services;
pub use shared::{DATABASE_URL, REDIS_URL, Servers};
pub use waypost_local::{AppendFsync, free_port};
