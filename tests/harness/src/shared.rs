use std::sync::OnceLock;
use std::{env, thread};

use tokio::sync::oneshot;
use waypost_local::{LocalError, Postgres, PostgresOptions, Redis, RedisOptions, scratch_dir};

/// Names the Redis that all tests share.
pub const REDIS_URL: &str = "WAYPOST_TEST_REDIS_URL";

/// Names the Postgres that all tests share: its maintenance database, as a user who may create others.
pub const DATABASE_URL: &str = "WAYPOST_TEST_DATABASE_URL";

/// Where the shared servers are.
#[derive(Clone)]
pub(crate) struct Urls {
    pub(crate) redis: String,
    pub(crate) maintenance: String,
}

/// The servers that tests share, for as long as this value lives.
#[derive(Debug)]
pub struct Servers {
    redis: Redis,
    postgres: Postgres,
}

impl Servers {
    /// Starts both. They keep nothing: no fsync, and their folders vanish with this process.
    ///
    /// # Errors
    /// When one is missing or does not start.
    pub async fn start() -> Result<Self, LocalError> {
        // Two folders, not one: as root, Postgres runs as another user, who can only remove what is its own.
        let (redis, postgres) = (scratch_dir()?.keep(), scratch_dir()?.keep());
        let mut redis_options = RedisOptions::in_dir(&redis);
        redis_options.remove = Some(redis);
        let mut postgres_options = PostgresOptions::in_dir(&postgres);
        postgres_options.remove = Some(postgres);
        postgres_options.fsync = false;
        let (redis, postgres) = tokio::try_join!(
            Redis::start(&redis_options),
            Postgres::start(&postgres_options)
        )?;
        Ok(Self { redis, postgres })
    }

    /// The address of Redis.
    #[must_use]
    pub fn redis_url(&self) -> String {
        self.redis.url()
    }

    /// The address of Postgres' maintenance database.
    #[must_use]
    pub fn database_url(&self) -> String {
        self.postgres.url_of("postgres")
    }

    /// Ends both and removes what they kept.
    ///
    /// # Errors
    /// When one cannot be ended.
    pub async fn stop(mut self) -> Result<(), LocalError> {
        self.redis.stop().await?;
        self.postgres.stop().await?;
        for dir in [self.redis.dir(), self.postgres.dir()] {
            // Only rubbish: the system's own cleaning gets what is left.
            let _ = std::fs::remove_dir_all(dir);
        }
        Ok(())
    }

    fn urls(&self) -> Urls {
        Urls {
            redis: self.redis_url(),
            maintenance: self.database_url(),
        }
    }
}

/// The servers of the environment, else those of this process, started at the first call.
pub(crate) async fn urls() -> Urls {
    static URLS: OnceLock<tokio::sync::OnceCell<Urls>> = OnceLock::new();
    let cell = URLS.get_or_init(tokio::sync::OnceCell::new);
    cell.get_or_init(|| async {
        match (env::var(REDIS_URL), env::var(DATABASE_URL)) {
            (Ok(redis), Ok(maintenance)) => Urls { redis, maintenance },
            _ => own().await,
        }
    })
    .await
    .clone()
}

/// Starts servers that live as long as this process. Every test has a runtime of its own that ends with it, so theirs
/// lives in a thread apart; the watchdogs end the servers when the process does.
async fn own() -> Urls {
    let (tell, told) = oneshot::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime for the servers");
        runtime.block_on(async move {
            let servers = Servers::start()
                .await
                .unwrap_or_else(|error| panic!("{error}"));
            if tell.send(servers.urls()).is_ok() {
                std::future::pending::<()>().await;
            }
        });
    });
    told.await
        .expect("the servers for the tests did not start; the reason is above")
}
