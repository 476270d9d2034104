use std::net::SocketAddr;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use crate::client::get;
use crate::{bin, eventually_some};

/// How long a program may take to become ready, and to end when told to.
const PATIENCE: Duration = Duration::from_secs(30);

/// One of our programs as a process. Killed when this value is dropped; its log is shown when the test fails.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: Arc<Mutex<String>>,
    /// End when the pipes are closed: then the log is whole.
    readers: Vec<JoinHandle<()>>,
    admin: Option<SocketAddr>,
}

impl Process {
    /// Starts a program with arguments and environment; of our own environment it gets nothing that configures Waypost.
    ///
    /// # Panics
    /// When it cannot be built or started.
    pub fn spawn(name: &str, args: &[&str], env: &[(&str, &str)]) -> Self {
        Self::spawn_program(&bin(name), args, env)
    }

    /// The same for a program at a path.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn spawn_program(program: &Path, args: &[&str], env: &[(&str, &str)]) -> Self {
        let name = program
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let mut command = Command::new(program);
        for (key, _) in std::env::vars_os() {
            let configures = key.to_str().is_some_and(|key| {
                ["WAYPOST_", "WHATSAPP_", "REDIS_", "DATABASE_", "WEBHOOK_"]
                    .iter()
                    .any(|prefix| key.starts_with(prefix))
            });
            if configures {
                command.env_remove(key);
            }
        }
        let mut child = command
            .args(args)
            .envs(env.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        let log = Arc::default();
        let readers = vec![
            tokio::spawn(collect(
                child.stdout.take().expect("a pipe"),
                Arc::clone(&log),
            )),
            tokio::spawn(collect(
                child.stderr.take().expect("a pipe"),
                Arc::clone(&log),
            )),
        ];
        Self {
            name,
            child,
            log,
            readers,
            admin: None,
        }
    }

    /// Waits until the program says that it is ready, at `/readyz` of its admin listener.
    ///
    /// # Panics
    /// When it ends first, or is not ready in time.
    pub async fn ready(&mut self, admin: SocketAddr) {
        if let Err(status) = self.try_ready(admin).await {
            panic!(
                "{} ended before it was ready: {status}\n{}",
                self.name,
                self.log()
            );
        }
    }

    /// The same for a program that may well end instead.
    ///
    /// # Errors
    /// With how it ended.
    ///
    /// # Panics
    /// When it is neither ready nor ended in time.
    pub async fn try_ready(&mut self, admin: SocketAddr) -> Result<(), ExitStatus> {
        self.admin = Some(admin);
        let what = format!("{} is ready", self.name);
        let child = &mut self.child;
        let ended = eventually_some(PATIENCE, &what, async || {
            match child.try_wait().expect("look after a child") {
                Some(status) => Some(Err(status)),
                None => is_ready(admin).await.then_some(Ok(())),
            }
        })
        .await;
        if ended.is_err() {
            self.drain_log().await;
        }
        ended
    }

    /// Its admin listener, as [`ready`](Self::ready) was told.
    pub fn admin(&self) -> Option<SocketAddr> {
        self.admin
    }

    /// Whether it is ready now.
    ///
    /// # Panics
    /// When [`ready`](Self::ready) was never called, which tells where to ask.
    pub async fn is_ready(&self) -> bool {
        is_ready(self.admin.expect("ready() tells where to ask")).await
    }

    /// The process id.
    ///
    /// # Panics
    /// When it has ended.
    pub fn pid(&self) -> u32 {
        self.child.id().expect("a running process")
    }

    /// Whether it has not ended yet.
    ///
    /// # Panics
    /// When that cannot be found out.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("look after a child").is_none()
    }

    /// What it has written so far, both streams.
    pub fn log(&self) -> String {
        self.log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Kills it (SIGKILL), as a crash would, and waits for its end.
    ///
    /// # Panics
    /// When it cannot be killed.
    pub async fn kill9(&mut self) {
        self.child.kill().await.expect("kill a child");
    }

    /// Asks it to end, as Kubernetes does. Does not wait.
    ///
    /// # Panics
    /// When the signal cannot be sent.
    pub fn sigterm(&self) {
        self.signal("TERM");
    }

    /// Sends any signal by its name without `SIG`.
    ///
    /// # Panics
    /// When it cannot be sent.
    pub fn signal(&self, name: &str) {
        // The shell has `kill` built in; a small image may not have the program.
        let status = std::process::Command::new("/bin/sh")
            .args([
                "-c",
                "kill -s \"$1\" \"$2\"",
                "kill",
                name,
                &self.pid().to_string(),
            ])
            .status()
            .expect("a shell");
        assert!(status.success(), "cannot send {name} to {}", self.name);
    }

    /// Waits until all it wrote is in the log. A child of its own may hold the pipes open longer, so not for ever.
    async fn drain_log(&mut self) {
        for reader in self.readers.drain(..) {
            let _ = tokio::time::timeout(Duration::from_secs(1), reader).await;
        }
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it does not end in time.
    pub async fn wait(&mut self) -> ExitStatus {
        let Ok(status) = tokio::time::timeout(PATIENCE, self.child.wait()).await else {
            panic!("{} did not end within {PATIENCE:?}", self.name);
        };
        self.drain_log().await;
        status.expect("wait for a child")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("---- log of {} ----\n{}----", self.name, self.log());
        }
    }
}

async fn is_ready(admin: SocketAddr) -> bool {
    matches!(get(admin, "/readyz").await, Ok(reply) if reply.status == 200)
}

async fn collect(stream: impl AsyncRead + Unpin, log: Arc<Mutex<String>>) {
    let mut lines = BufReader::new(stream).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        log.push_str(&line);
        log.push('\n');
    }
}
