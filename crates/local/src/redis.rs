use std::fmt;
use std::path::{Path, PathBuf};

use crate::child::{Launch, Place, Server};
use crate::error::LocalError;
use crate::net::{free_port, port_is_free};
use crate::password::write_private;
use crate::{error::During, find};

const WHAT: &str = "Redis";

/// How often another free port is tried when somebody takes the chosen one first.
const PORT_TRIES: usize = 5;

/// When Redis flushes its append-only file to disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AppendFsync {
    /// Before every answer: what was acknowledged survives a power cut.
    Always,
    /// Once a second: survives the death of Redis, and loses at most a second in a power cut.
    #[default]
    EverySec,
    /// When the system likes.
    No,
}

impl AppendFsync {
    fn word(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::EverySec => "everysec",
            Self::No => "no",
        }
    }
}

/// How to run a Redis.
#[derive(Clone)]
pub struct RedisOptions {
    /// Its folder; made when missing, reused with its data when not.
    pub dir: PathBuf,
    /// The port on 127.0.0.1; a free one when `None`.
    pub port: Option<u16>,
    /// When data reaches the disk.
    pub append_fsync: AppendFsync,
    /// What clients must present; letters and digits only.
    pub password: Option<String>,
    /// A folder that the watchdog deletes should we vanish without a stop (tests, ephemeral runs).
    pub remove: Option<PathBuf>,
}

impl RedisOptions {
    /// A Redis in `dir` on a free port, flushing once a second, with no password.
    #[must_use]
    pub fn in_dir(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            port: None,
            append_fsync: AppendFsync::default(),
            password: None,
            remove: None,
        }
    }
}

impl fmt::Debug for RedisOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisOptions")
            .field("dir", &self.dir)
            .field("port", &self.port)
            .field("append_fsync", &self.append_fsync)
            .field("password", &self.password.as_ref().map(|_| "********"))
            .finish_non_exhaustive()
    }
}

/// A Redis of our own. It ends when this value is dropped or this process dies.
#[derive(Debug)]
pub struct Redis {
    options: RedisOptions,
    place: Place,
    port: u16,
    /// `None` while stopped or killed.
    server: Option<Server>,
}

impl Redis {
    /// Starts Redis and waits until it answers.
    ///
    /// # Errors
    /// When the program is missing, the port or folder is taken, or it does not come up; the error tells which.
    pub async fn start(options: &RedisOptions) -> Result<Self, LocalError> {
        let place = Place::new(WHAT, &options.dir, "redis.log")?;
        let mut redis = Self {
            options: options.clone(),
            place,
            port: 0,
            server: None,
        };
        let mut tries = 0;
        loop {
            tries += 1;
            redis.port = match options.port {
                Some(port) if !port_is_free(port) => {
                    return Err(LocalError::PortTaken { what: WHAT, port });
                }
                Some(port) => port,
                None => free_port().during(|| "find a free port".to_owned())?,
            };
            match redis.restart().await {
                Ok(()) => return Ok(redis),
                // Between our look and its bind somebody else may have taken the port.
                Err(LocalError::Exited { .. })
                    if options.port.is_none()
                        && tries < PORT_TRIES
                        && !port_is_free(redis.port) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Starts it again on the same port with the same data; stops it first when it runs.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn restart(&mut self) -> Result<(), LocalError> {
        self.stop().await?;
        let program = find::redis()?;
        let log = self.place.lock().await?;
        let file = self.place.dir.join("redis.conf");
        // In a file, not in arguments: those everybody can read.
        write_private(&file, &self.configuration())?;
        let launch = Launch {
            program: &program,
            args: vec![file.display().to_string()],
            account: None,
            signal: "TERM",
            remove: self.options.remove.as_deref(),
        };
        let mut server = Server::launch(&self.place, &log, launch)?;
        let url = self.url();
        let up = server.wait_until(&self.place, || answers(&url)).await;
        if let Err(error) = up {
            server.kill(&self.place).await?;
            return Err(error);
        }
        self.server = Some(server);
        Ok(())
    }

    /// Ends it politely; what it acknowledged is on disk. Does nothing when it is not running.
    ///
    /// # Errors
    /// When the process cannot be waited for.
    pub async fn stop(&mut self) -> Result<(), LocalError> {
        match self.server.take() {
            Some(server) => server.stop(&self.place).await,
            None => Ok(()),
        }
    }

    /// Kills it (SIGKILL). Does nothing when it is not running.
    ///
    /// # Errors
    /// When the process cannot be killed.
    pub async fn kill(&mut self) -> Result<(), LocalError> {
        match self.server.take() {
            Some(server) => server.kill(&self.place).await,
            None => Ok(()),
        }
    }

    /// Waits until it ends without our doing; never returns while it runs. After that, [`restart`](Self::restart) works.
    ///
    /// # Errors
    /// Says how it ended, with the end of its log.
    pub async fn ended(&mut self) -> LocalError {
        match ended(&mut self.server, &self.place).await {
            Ok(error) | Err(error) => error,
        }
    }

    /// `redis://…`, with the password when there is one.
    #[must_use]
    pub fn url(&self) -> String {
        match &self.options.password {
            Some(password) => format!("redis://:{password}@127.0.0.1:{}/0", self.port),
            None => format!("redis://127.0.0.1:{}/0", self.port),
        }
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process id while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.server.as_ref().and_then(Server::pid)
    }

    /// Its folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.place.dir
    }

    fn configuration(&self) -> String {
        let fsync = self.options.append_fsync.word();
        let password = self
            .options
            .password
            .as_ref()
            .map(|word| format!("requirepass {word}\n"))
            .unwrap_or_default();
        // Nothing may be evicted, everything is logged; snapshots would only repeat the append-only file.
        format!(
            "bind 127.0.0.1\nport {}\ndir \"{}\"\ndaemonize no\nlogfile \"\"\n\
             appendonly yes\nappendfsync {fsync}\nsave \"\"\nmaxmemory-policy noeviction\n{password}",
            self.port,
            self.place.dir.display(),
        )
    }
}

/// Shared by both servers: waits for an end that nobody asked for.
pub(crate) async fn ended(
    slot: &mut Option<Server>,
    place: &Place,
) -> Result<LocalError, LocalError> {
    let Some(running) = slot.as_mut() else {
        return std::future::pending().await;
    };
    let status = running.ended(place).await?;
    if let Some(gone) = slot.take() {
        gone.forget().await;
    }
    Ok(place.exited(status))
}

async fn answers(url: &str) -> bool {
    let Ok(client) = redis::Client::open(url) else {
        return false;
    };
    let Ok(mut connection) = client.get_multiplexed_async_connection().await else {
        return false;
    };
    redis::cmd("PING")
        .query_async::<String>(&mut connection)
        .await
        .is_ok()
}
