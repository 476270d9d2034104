//! What is started to be measured.

use std::net::SocketAddr;

use anyhow::Result;
use tempfile::TempDir;
use waypost_harness::{bin, free_port};
use waypost_local::{AppendFsync, Redis, RedisOptions, scratch_dir};

use crate::corpus::SECRET;
use crate::process::Program;

/// A Redis of its own, append-only file included.
pub(super) struct Stack {
    pub(super) redis: Redis,
    _dir: TempDir,
}

impl Stack {
    pub(super) async fn start() -> Result<Self> {
        let dir = scratch_dir()?;
        let mut options = RedisOptions::in_dir(dir.path());
        options.append_fsync = AppendFsync::EverySec;
        Ok(Self {
            redis: Redis::start(&options).await?,
            _dir: dir,
        })
    }

    pub(super) async fn ingress(&self) -> Result<(Program, SocketAddr)> {
        let address = local(free_port()?);
        let mut program = Program::start(
            &bin("waypost-ingress"),
            &[],
            &[
                ("WAYPOST_REDIS_URL", self.redis.url()),
                ("WAYPOST_INGRESS_LISTEN", address.to_string()),
                ("WAYPOST_INBOX_MAX_BACKLOG", "100000000".to_owned()),
                ("WHATSAPP_APP_SECRET", SECRET.to_owned()),
                ("WEBHOOK_VERIFY_TOKEN", "bench".to_owned()),
            ],
        )?;
        program.listening(address).await?;
        Ok((program, address))
    }

    pub(super) async fn sink(&self) -> Result<(Program, SocketAddr)> {
        let address = local(free_port()?);
        let mut program = Program::start(&bin("sink"), &[&address.to_string()], &[])?;
        program.listening(address).await?;
        Ok((program, address))
    }

    /// Empties Redis, so that rounds do not weigh on each other.
    pub(super) async fn empty(&self) -> Result<()> {
        let settings = waypost_queue::RedisSettings::for_url(&self.redis.url());
        let redis = waypost_queue::Redis::connect(&settings).await?;
        Ok(redis.erase_everything().await?)
    }
}

pub(super) fn local(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}
