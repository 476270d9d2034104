//! Starts Redis and Postgres as child processes in a folder of their own.
//!
//! `waypost up` and the tests need both servers without asking anybody to set them up. In reading order:
//!
//! - `find`: where the programs are, and which package to install when they are nowhere;
//! - `child`: a process that cannot outlive us (its watchdog is `watchdog.sh`) and a folder that only one process uses;
//! - `redis`, `postgres`: how each is configured, started, waited for, stopped, killed and restarted;
//! - `account`: Postgres refuses to run as root, so this picks somebody else;
//! - `scratch`: temporary folders that such an account can enter; `net`: free ports; `password`: passwords kept in a file.
//!
//! Everything listens on 127.0.0.1 only.

mod account;
mod child;
mod error;
pub mod find;
mod net;
mod password;
mod postgres;
mod redis;
mod scratch;

pub use error::LocalError;
pub use net::{free_port, port_is_free};
pub use postgres::{Postgres, PostgresOptions};
pub use redis::{AppendFsync, Redis, RedisOptions};
pub use scratch::scratch_dir;
