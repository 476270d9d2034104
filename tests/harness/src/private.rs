use std::ops::{Deref, DerefMut};

use tempfile::TempDir;
use waypost_local::{AppendFsync, Postgres, PostgresOptions, Redis, RedisOptions, scratch_dir};

/// A Redis of one test's own, to kill and to restart.
#[derive(Debug)]
pub struct PrivateRedis {
    server: Redis,
    /// After the server, so that it goes later.
    _dir: TempDir,
}

/// A Postgres of one test's own, to kill and to restart.
#[derive(Debug)]
pub struct PrivatePostgres {
    server: Postgres,
    /// After the server, so that it goes later.
    _dir: TempDir,
}

/// Starts a Redis that nobody else uses.
///
/// # Panics
/// When it does not start.
pub async fn private_redis(append_fsync: AppendFsync) -> PrivateRedis {
    let dir = scratch_dir().unwrap_or_else(|error| panic!("{error}"));
    let mut options = RedisOptions::in_dir(dir.path());
    options.append_fsync = append_fsync;
    // The watchdog removes the folder too: the server may still write to it when this value is dropped.
    options.remove = Some(dir.path().to_owned());
    let server = Redis::start(&options)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    PrivateRedis { server, _dir: dir }
}

/// Starts a Postgres that nobody else uses, with fsync, and an empty database at its `url()`.
///
/// # Panics
/// When it does not start.
pub async fn private_postgres() -> PrivatePostgres {
    let dir = scratch_dir().unwrap_or_else(|error| panic!("{error}"));
    let mut options = PostgresOptions::in_dir(dir.path());
    options.remove = Some(dir.path().to_owned());
    let server = Postgres::start(&options)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    PrivatePostgres { server, _dir: dir }
}

impl Deref for PrivateRedis {
    type Target = Redis;
    fn deref(&self) -> &Redis {
        &self.server
    }
}

impl DerefMut for PrivateRedis {
    fn deref_mut(&mut self) -> &mut Redis {
        &mut self.server
    }
}

impl Deref for PrivatePostgres {
    type Target = Postgres;
    fn deref(&self) -> &Postgres {
        &self.server
    }
}

impl DerefMut for PrivatePostgres {
    fn deref_mut(&mut self) -> &mut Postgres {
        &mut self.server
    }
}
