//! What is started to be measured.

use std::net::SocketAddr;

use anyhow::Result;
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};
use waypost_harness::{bin, free_port};
use waypost_local::{AppendFsync, Postgres, Redis, RedisOptions, scratch_dir};
use waypost_store::{Store, StoreSettings};

use crate::corpus::SECRET;
use crate::process::Program;

/// A Redis of its own, append-only file included.
pub(super) struct Stack {
    pub(super) redis: Redis,
    /// Where the ingress takes messages to send.
    pub(super) send_at: SocketAddr,
    dir: TempDir,
}

/// What senders authenticate with.
pub(super) const KEY: &str = "wpk_benchmark";
const KEY_SHA256: &str = "8eeada5dff9ef942b1c7826d4b9c0c69c102746dd31adbb96d8da736e5c36d0e";

impl Stack {
    pub(super) async fn start() -> Result<Self> {
        let dir = scratch_dir()?;
        let mut options = RedisOptions::in_dir(dir.path());
        options.append_fsync = AppendFsync::EverySec;
        Ok(Self {
            redis: Redis::start(&options).await?,
            send_at: local(free_port()?),
            dir,
        })
    }

    pub(super) async fn ingress(&self) -> Result<(Program, SocketAddr)> {
        self.ingress_with(self.send_at, &[]).await
    }

    /// One more, that takes messages at `send_at`, with these settings beside the usual ones.
    pub(super) async fn ingress_with(
        &self,
        send_at: SocketAddr,
        settings: &[(&str, &str)],
    ) -> Result<(Program, SocketAddr)> {
        let address = local(free_port()?);
        let keys = self.dir.path().join("keys.toml");
        let text = format!("[bench]\nsha256 = \"{KEY_SHA256}\"\nnumbers = [\"*\"]\n");
        std::fs::write(&keys, text)?;
        let usual = [
            ("WAYPOST_REDIS_URL", self.redis.url()),
            ("WAYPOST_INGRESS_LISTEN", address.to_string()),
            ("WAYPOST_SEND_LISTEN", send_at.to_string()),
            (
                "WAYPOST_SEND_KEYS_FILE",
                keys.to_string_lossy().into_owned(),
            ),
            ("WAYPOST_OUTBOX_MAX_BACKLOG", "100000000".to_owned()),
            ("WAYPOST_INBOX_MAX_BACKLOG", "100000000".to_owned()),
            ("WHATSAPP_APP_SECRET", SECRET.to_owned()),
            ("WEBHOOK_VERIFY_TOKEN", "bench".to_owned()),
        ];
        let mut program = Program::start_with(&bin("waypost-ingress"), &[], &usual, settings)?;
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

/// Makes a database, and returns its URL.
pub(super) async fn database(postgres: &Postgres, name: &str) -> Result<String> {
    let client = connect(&postgres.url_of("postgres")).await?;
    client
        .batch_execute(&format!("CREATE DATABASE {name}"))
        .await?;
    Ok(postgres.url_of(name))
}

/// Makes our tables in a database.
pub(super) async fn migrate(url: &str) -> Result<()> {
    let store = Store::connect(&StoreSettings::for_url(url)).await?;
    store.migrate().await?;
    Ok(())
}

pub(super) async fn connect(url: &str) -> Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}
