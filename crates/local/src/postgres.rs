use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;
use tokio_postgres::{Client, NoTls};

use crate::account::Account;
use crate::child::{Launch, Place, Server};
use crate::error::{During, LocalError};
use crate::find::{self, PostgresPrograms};
use crate::net::{free_port, port_is_free};
use crate::{password, redis};

const WHAT: &str = "Postgres";

/// The superuser and the database that every new folder gets.
const NAME: &str = "waypost";

/// How often another free port is tried when somebody takes the chosen one first.
const PORT_TRIES: usize = 5;

/// How to run a Postgres.
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    /// Its folder; made when missing, reused with its data when not.
    pub dir: PathBuf,
    /// The port on 127.0.0.1; a free one when `None`.
    pub port: Option<u16>,
    /// Whether a commit waits for the disk. Off only for tests: a power cut then costs data.
    pub fsync: bool,
    /// A folder that the watchdog deletes should we vanish without a stop (tests, ephemeral runs).
    pub remove: Option<PathBuf>,
}

impl PostgresOptions {
    /// A Postgres in `dir` on a free port, with fsync.
    #[must_use]
    pub fn in_dir(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            port: None,
            fsync: true,
            remove: None,
        }
    }
}

/// A Postgres of our own. It ends when this value is dropped or this process dies.
#[derive(Debug)]
pub struct Postgres {
    options: PostgresOptions,
    place: Place,
    account: Option<Account>,
    port: u16,
    password: String,
    /// `None` while stopped or killed.
    server: Option<Server>,
}

impl Postgres {
    /// Makes the data folder when there is none, starts Postgres, and waits until it answers and its database exists.
    ///
    /// # Errors
    /// When the programs are missing, the port or folder is taken, or it does not come up; the error tells which.
    pub async fn start(options: &PostgresOptions) -> Result<Self, LocalError> {
        let place = Place::new(WHAT, &options.dir, "postgres.log")?;
        let account = Account::for_server(WHAT, &place.dir)?;
        let password = password::kept_in(&place.dir.join("password"))?;
        let mut postgres = Self {
            options: options.clone(),
            place,
            account,
            port: 0,
            password,
            server: None,
        };
        let mut tries = 0;
        loop {
            tries += 1;
            postgres.port = match options.port {
                Some(port) if !port_is_free(port) => {
                    return Err(LocalError::PortTaken { what: WHAT, port });
                }
                Some(port) => port,
                None => free_port().during(|| "find a free port".to_owned())?,
            };
            match postgres.restart().await {
                Ok(()) => break,
                // Between our look and its bind somebody else may have taken the port.
                Err(LocalError::Exited { .. })
                    if options.port.is_none()
                        && tries < PORT_TRIES
                        && !port_is_free(postgres.port) => {}
                Err(error) => return Err(error),
            }
        }
        postgres.create_database().await?;
        Ok(postgres)
    }

    /// Starts it again on the same port with the same data; stops it first when it runs.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn restart(&mut self) -> Result<(), LocalError> {
        self.stop().await?;
        let programs = find::postgres()?;
        let log = self.place.lock().await?;
        self.prepare(&programs, &log).await?;
        let launch = Launch {
            program: &programs.postgres,
            args: self.arguments(),
            account: self.account.as_ref(),
            // "Fast" shutdown: does not wait for clients to leave.
            signal: "INT",
            remove: self.options.remove.as_deref(),
        };
        let mut server = Server::launch(&self.place, &log, launch)?;
        let url = self.url_of("postgres");
        let up = server
            .wait_until(&self.place, || async { connect(&url).await.is_ok() })
            .await;
        if let Err(error) = up {
            server.kill(&self.place).await?;
            return Err(error);
        }
        self.server = Some(server);
        Ok(())
    }

    /// Ends it politely, without waiting for clients. Does nothing when it is not running.
    ///
    /// # Errors
    /// When the process cannot be waited for.
    pub async fn stop(&mut self) -> Result<(), LocalError> {
        match self.server.take() {
            Some(server) => server.stop(&self.place).await,
            None => Ok(()),
        }
    }

    /// Kills it (SIGKILL); its other processes notice and end too. Does nothing when it is not running.
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
    pub async fn ended(&mut self) -> LocalError {
        match redis::ended(&mut self.server, &self.place).await {
            Ok(error) | Err(error) => error,
        }
    }

    /// `postgres://…` of the database made for Waypost, with the password.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_of(NAME)
    }

    /// The same server, another database.
    #[must_use]
    pub fn url_of(&self, database: &str) -> String {
        format!(
            "postgres://{NAME}:{}@127.0.0.1:{}/{database}",
            self.password, self.port
        )
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

    fn data(&self) -> PathBuf {
        self.place.dir.join("data")
    }

    fn arguments(&self) -> Vec<String> {
        let mut args = vec!["-D".to_owned(), self.data().display().to_string()];
        let mut set = |setting: String| args.extend(["-c".to_owned(), setting]);
        set(format!("port={}", self.port));
        set("listen_addresses=127.0.0.1".to_owned());
        // No socket file: its path may not exceed 107 bytes, and a data folder may lie deeper than that.
        set("unix_socket_directories=".to_owned());
        set("max_connections=200".to_owned());
        set("shared_buffers=128MB".to_owned());
        set("max_wal_size=1GB".to_owned());
        // Our statements are short: compiling them costs more than it saves.
        set("jit=off".to_owned());
        set("timezone=UTC".to_owned());
        if !self.options.fsync {
            set("fsync=off".to_owned());
            set("full_page_writes=off".to_owned());
        }
        args
    }

    /// Leaves a data folder that `postgres` can start on: made, owned by the right account, free of a stale pid file.
    async fn prepare(&self, programs: &PostgresPrograms, log: &File) -> Result<(), LocalError> {
        if let Some(account) = &self.account {
            account.own(&self.place.dir)?;
            self.check_reach(account).await?;
        }
        let data = self.data();
        if !data.join("PG_VERSION").exists() {
            return self.initdb(programs, log).await;
        }
        // We hold the folder's lock, so no server of this folder lives, whatever its pid file says: in a container the
        // number in it often belongs to somebody else by now.
        match fs::remove_file(data.join("postmaster.pid")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(error).during(|| format!("remove a stale pid file from {}", data.display()))
            }
            _ => Ok(()),
        }
    }

    async fn check_reach(&self, account: &Account) -> Result<(), LocalError> {
        let mut probe = Command::new("/bin/sh");
        probe
            .args(["-c", ":"])
            .current_dir(&self.place.dir)
            .uid(account.uid)
            .gid(account.gid);
        match probe.status().await {
            Ok(status) if status.success() => Ok(()),
            _ => Err(LocalError::Unreachable {
                what: WHAT,
                user: account.name.clone(),
                dir: self.place.dir.clone(),
            }),
        }
    }

    async fn initdb(&self, programs: &PostgresPrograms, log: &File) -> Result<(), LocalError> {
        let making = self.place.dir.join("data.new");
        let mut command = Command::new(&programs.initdb);
        command
            .args([
                "--encoding=UTF8",
                "--locale=C",
                "--auth=password",
                "--no-instructions",
            ])
            // Durability of an empty folder is not worth a second of waiting: if this is cut short, it is made again.
            .arg("--no-sync")
            .arg(format!("--username={NAME}"))
            .arg(format!(
                "--pwfile={}",
                self.place.dir.join("password").display()
            ))
            .arg("-D")
            .arg(&making)
            .current_dir(&self.place.dir)
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .stdout(log.try_clone().during(|| "share the log file".to_owned())?)
            .stderr(log.try_clone().during(|| "share the log file".to_owned())?)
            .process_group(0)
            .kill_on_drop(true);
        if let Some(account) = &self.account {
            command.uid(account.uid).gid(account.gid);
        }
        // What a cut-short initdb left behind.
        let _ = fs::remove_dir_all(&making);
        let status = command
            .status()
            .await
            .during(|| format!("run {}", programs.initdb.display()))?;
        if !status.success() {
            return Err(self.place.exited(status));
        }
        let data = self.data();
        fs::rename(&making, &data)
            .and_then(|()| fs::set_permissions(&data, Permissions::from_mode(0o700)))
            .during(|| format!("put {} in place", data.display()))
    }

    async fn create_database(&self) -> Result<(), LocalError> {
        let client = connect(&self.url_of("postgres")).await?;
        let known = client
            .query_opt("SELECT 1 FROM pg_database WHERE datname = $1", &[&NAME])
            .await?;
        if known.is_none() {
            client
                .batch_execute(&format!("CREATE DATABASE {NAME}"))
                .await?;
        }
        Ok(())
    }
}

async fn connect(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    // Ends by itself when the client is dropped.
    tokio::spawn(connection);
    Ok(client)
}
