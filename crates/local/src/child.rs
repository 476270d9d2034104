use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::{Instant, sleep, timeout};

use crate::account::Account;
use crate::error::{During, LocalError};

/// How long a server has to end politely before it is killed.
const GRACE: Duration = Duration::from_secs(15);

/// How long we wait for a dying predecessor (its parent was killed a moment ago) to let go of the folder.
const FOLDER_WAIT: Duration = Duration::from_secs(20);

/// How long a server may take to answer: a big append-only file or a crash recovery is read first.
const START_WAIT: Duration = Duration::from_secs(60);

/// Between two looks at something that is about to change.
const POLL: Duration = Duration::from_millis(20);

/// Keeps the name, folder and log of a server together for errors.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) what: &'static str,
    pub(crate) dir: PathBuf,
    pub(crate) log: PathBuf,
}

impl Place {
    pub(crate) fn new(what: &'static str, dir: &Path, log: &str) -> Result<Self, LocalError> {
        fs::create_dir_all(dir).during(|| format!("make the folder {}", dir.display()))?;
        let dir = dir
            .canonicalize()
            .during(|| format!("find the folder {}", dir.display()))?;
        let log = dir.join(log);
        Ok(Self { what, dir, log })
    }

    /// Opens the log and locks it. The server inherits the open file and with it the lock, so the lock lasts exactly as
    /// long as we *or any process of the server* live: a folder is never used twice at once, and what the lock lets us
    /// find in it (a pid file) is stale.
    pub(crate) async fn lock(&self) -> Result<File, LocalError> {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .read(true)
            .open(&self.log)
            .during(|| format!("open {}", self.log.display()))?;
        let deadline = Instant::now() + FOLDER_WAIT;
        loop {
            match log.try_lock() {
                Ok(()) => return Ok(log),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => sleep(POLL).await,
                Err(TryLockError::WouldBlock) => {
                    return Err(LocalError::InUse {
                        what: self.what,
                        dir: self.dir.clone(),
                    });
                }
                Err(TryLockError::Error(error)) => {
                    return Err(error).during(|| format!("lock {}", self.log.display()));
                }
            }
        }
    }

    pub(crate) fn exited(&self, status: ExitStatus) -> LocalError {
        LocalError::Exited {
            what: self.what,
            status: status.to_string(),
            log: self.log.clone(),
            tail: self.tail(),
        }
    }

    fn slow(&self) -> LocalError {
        LocalError::Slow {
            what: self.what,
            seconds: START_WAIT.as_secs(),
            log: self.log.clone(),
            tail: self.tail(),
        }
    }

    /// The last lines of the log, for a person who has to find out why.
    fn tail(&self) -> String {
        let mut end = String::new();
        let read = File::open(&self.log).and_then(|mut file| {
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(length.saturating_sub(2048)))?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            end = String::from_utf8_lossy(&bytes).into_owned();
            Ok(())
        });
        if read.is_err() {
            return "(no log)".to_owned();
        }
        let lines: Vec<&str> = end.trim_end().lines().collect();
        lines[lines.len().saturating_sub(8)..].join("\n")
    }
}

/// What to run, and as whom.
pub(crate) struct Launch<'a> {
    pub(crate) program: &'a Path,
    pub(crate) args: Vec<String>,
    pub(crate) account: Option<&'a Account>,
    /// The signal by which this server ends politely and soon.
    pub(crate) signal: &'static str,
    /// A folder to delete should we vanish.
    pub(crate) remove: Option<&'a Path>,
}

/// A running server that dies with us, also when we are killed: see `watchdog.sh`.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    /// The watchdog's standard input. Dropping it ends the server.
    leash: ChildStdin,
}

/// The watchdog without its comments: the script is an argument, and shows in every list of processes.
fn script() -> String {
    let lines = include_str!("watchdog.sh").lines();
    let code = lines.filter(|line| !line.trim_start().starts_with('#') && !line.is_empty());
    code.collect::<Vec<_>>().join("\n")
}

impl Server {
    pub(crate) fn launch(
        place: &Place,
        log: &File,
        launch: Launch<'_>,
    ) -> Result<Self, LocalError> {
        let stdout = log.try_clone().during(|| "share the log file".to_owned())?;
        let stderr = log.try_clone().during(|| "share the log file".to_owned())?;
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", &script(), "waypost-watchdog", launch.signal])
            .arg(GRACE.as_secs().to_string())
            .arg(launch.remove.unwrap_or(Path::new("")))
            .arg(launch.program)
            .args(launch.args)
            .current_dir(&place.dir)
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(stdout)
            .stderr(stderr)
            // Its own group: a Ctrl-C in the terminal is for us to handle, in our order.
            .process_group(0);
        if let Some(account) = launch.account {
            command.uid(account.uid).gid(account.gid);
        }
        let mut child = command
            .spawn()
            .during(|| format!("start {}", launch.program.display()))?;
        let leash = child
            .stdin
            .take()
            .ok_or_else(|| std::io::ErrorKind::BrokenPipe.into());
        Ok(Self {
            leash: leash.during(|| "hold the watchdog".to_owned())?,
            child,
        })
    }

    /// The server's process id; `None` once it has ended and was waited for.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits until `answers` says yes, or the server ends, or patience does.
    pub(crate) async fn wait_until<F, Fut>(
        &mut self,
        place: &Place,
        answers: F,
    ) -> Result<(), LocalError>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = bool>,
    {
        let deadline = Instant::now() + START_WAIT;
        loop {
            if let Some(status) = self
                .child
                .try_wait()
                .during(|| format!("look after {}", place.what))?
            {
                return Err(place.exited(status));
            }
            if timeout(Duration::from_secs(2), answers())
                .await
                .unwrap_or(false)
            {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(place.slow());
            }
            sleep(POLL).await;
        }
    }

    /// Waits until the server ends by itself or by another's hand.
    pub(crate) async fn ended(&mut self, place: &Place) -> Result<ExitStatus, LocalError> {
        self.child
            .wait()
            .await
            .during(|| format!("wait for {}", place.what))
    }

    /// Ends the server politely; by force when it takes too long. Its data is whole afterwards.
    pub(crate) async fn stop(mut self, place: &Place) -> Result<(), LocalError> {
        // An error here means that the watchdog is gone; then the deadline below decides.
        let _ = self.leash.write_all(b"stop\n").await;
        if timeout(GRACE + Duration::from_secs(2), self.child.wait())
            .await
            .is_err()
        {
            tracing::warn!(server = place.what, "did not end in time, killing it");
            return self.kill(place).await;
        }
        Ok(())
    }

    /// Kills the server (SIGKILL), as a crash would.
    pub(crate) async fn kill(mut self, place: &Place) -> Result<(), LocalError> {
        self.child
            .kill()
            .await
            .during(|| format!("kill {}", place.what))?;
        // The server is gone: its number may soon belong to another process, so the watchdog must not use it.
        let _ = self.leash.write_all(b"done\n").await;
        Ok(())
    }

    /// The server has ended and was waited for; the watchdog can go.
    pub(crate) async fn forget(mut self) {
        let _ = self.leash.write_all(b"done\n").await;
    }
}
