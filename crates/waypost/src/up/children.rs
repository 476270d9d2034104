//! Redis and Postgres of our own: started together, started again when they die, ended last.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use waypost_local::{
    LocalError, Postgres, PostgresOptions, Redis, RedisOptions, find, scratch_dir,
};

use super::options::{Home, Options, Source, random_word};

/// Between two attempts to start a server that died.
const AGAIN: Duration = Duration::from_secs(1);

/// The servers that we run ourselves.
pub(super) struct Children {
    stop: CancellationToken,
    keepers: Vec<JoinHandle<()>>,
    /// Temporary folders, removed when the servers have ended.
    folders: Vec<PathBuf>,
    pub(super) redis_url: Option<String>,
    pub(super) database_url: Option<String>,
}

impl Children {
    /// Starts what is wanted and waits until it answers.
    pub(super) async fn start(options: &Options) -> anyhow::Result<Self> {
        let (own_redis, own_postgres) = (
            options.redis == Source::Own,
            options.postgres == Source::Own,
        );
        look_for_programs(own_redis, own_postgres)?;
        let mut children = Self {
            stop: CancellationToken::new(),
            keepers: Vec::new(),
            folders: Vec::new(),
            redis_url: None,
            database_url: None,
        };
        if !own_redis && !own_postgres {
            return Ok(children);
        }
        let (redis, postgres) = tokio::try_join!(
            start_if(own_redis, children.redis(options)?, |options| async move {
                Redis::start(&options).await
            }),
            start_if(
                own_postgres,
                children.postgres(options)?,
                |options| async move { Postgres::start(&options).await }
            ),
        )?;
        if let Some(redis) = redis {
            children.redis_url = Some(redis.url());
            children.keep(redis);
        }
        if let Some(postgres) = postgres {
            children.database_url = Some(postgres.url());
            children.keep(postgres);
        }
        Ok(children)
    }

    /// Ends them, politely.
    pub(super) async fn stop(self) {
        self.stop.cancel();
        for keeper in self.keepers {
            // An error is a panic, which has been reported.
            let _ = keeper.await;
        }
        for folder in self.folders {
            // The system cleans its temporary folders too.
            let _ = fs::remove_dir_all(folder);
        }
    }

    fn keep(&mut self, server: impl Server) {
        self.keepers
            .push(tokio::spawn(keep(server, self.stop.clone())));
    }

    fn redis(&mut self, options: &Options) -> anyhow::Result<RedisOptions> {
        let (dir, temporary) = self.folder(&options.home, "redis")?;
        let mut redis = RedisOptions::in_dir(dir);
        redis.password = Some(random_word());
        redis.remove = temporary;
        Ok(redis)
    }

    fn postgres(&mut self, options: &Options) -> anyhow::Result<PostgresOptions> {
        let (dir, temporary) = self.folder(&options.home, "postgres")?;
        let mut postgres = PostgresOptions::in_dir(dir);
        postgres.remove = temporary;
        Ok(postgres)
    }

    /// A server's folder, and the same again if it is to vanish.
    fn folder(&mut self, home: &Home, name: &str) -> anyhow::Result<(PathBuf, Option<PathBuf>)> {
        match home {
            Home::Folder(dir) => {
                make_home(dir)?;
                Ok((dir.join(name), None))
            }
            // One each: as root, Postgres runs as another user, who can only remove what is its own.
            Home::Temporary => {
                let dir = scratch_dir()?.keep();
                self.folders.push(dir.clone());
                Ok((dir.clone(), Some(dir)))
            }
        }
    }
}

/// Says of all that is missing at once.
fn look_for_programs(redis: bool, postgres: bool) -> anyhow::Result<()> {
    let mut missing = Vec::new();
    if redis && let Err(error) = find::redis() {
        missing.push(format!("{error} (or name one that runs: --redis-url)"));
    }
    if postgres && let Err(error) = find::postgres() {
        missing.push(format!("{error} (or name one that runs: --database-url)"));
    }
    anyhow::ensure!(missing.is_empty(), "{}", missing.join("; "));
    Ok(())
}

pub(super) fn make_home(dir: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(dir)
        .with_context(|| format!("cannot make the data folder {}", dir.display()))?;
    // It lies in somebody's checkout: git need not see it.
    let ignore = dir.join(".gitignore");
    if !ignore.exists() {
        fs::write(&ignore, "*\n")
            .with_context(|| format!("cannot write to the data folder {}", dir.display()))?;
    }
    Ok(())
}

async fn start_if<O, S, F>(
    wanted: bool,
    options: O,
    start: impl FnOnce(O) -> F,
) -> Result<Option<S>, LocalError>
where
    F: Future<Output = Result<S, LocalError>>,
{
    if wanted {
        start(options).await.map(Some)
    } else {
        Ok(None)
    }
}

/// What both have in common.
trait Server: Send + 'static {
    const NAME: &'static str;
    fn ended(&mut self) -> impl Future<Output = LocalError> + Send;
    fn restart(&mut self) -> impl Future<Output = Result<(), LocalError>> + Send;
    fn stop(&mut self) -> impl Future<Output = Result<(), LocalError>> + Send;
}

impl Server for Redis {
    const NAME: &'static str = "Redis";
    fn ended(&mut self) -> impl Future<Output = LocalError> + Send {
        self.ended()
    }
    fn restart(&mut self) -> impl Future<Output = Result<(), LocalError>> + Send {
        self.restart()
    }
    fn stop(&mut self) -> impl Future<Output = Result<(), LocalError>> + Send {
        self.stop()
    }
}

impl Server for Postgres {
    const NAME: &'static str = "Postgres";
    fn ended(&mut self) -> impl Future<Output = LocalError> + Send {
        self.ended()
    }
    fn restart(&mut self) -> impl Future<Output = Result<(), LocalError>> + Send {
        self.restart()
    }
    fn stop(&mut self) -> impl Future<Output = Result<(), LocalError>> + Send {
        self.stop()
    }
}

/// Starts the server again whenever it dies, until told to stop.
async fn keep<S: Server>(mut server: S, stop: CancellationToken) {
    while let Some(error) = stop.run_until_cancelled(server.ended()).await {
        tracing::error!("{error}; starting it again");
        loop {
            match stop.run_until_cancelled(server.restart()).await {
                Some(Ok(())) => tracing::info!("{} runs again", S::NAME),
                Some(Err(error)) => {
                    tracing::error!("{error}; trying again");
                    if stop
                        .run_until_cancelled(tokio::time::sleep(AGAIN))
                        .await
                        .is_some()
                    {
                        continue;
                    }
                }
                None => {}
            }
            break;
        }
    }
    if let Err(error) = server.stop().await {
        tracing::warn!("{error}");
    }
}
