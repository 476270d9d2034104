//! Programs under test, and what the system says of their CPU time and memory.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// A program; killed when dropped.
pub struct Program {
    child: Child,
}

impl Program {
    /// Starts a program; what it writes goes to a file beside the build, for whoever wonders.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(path: &Path, arguments: &[&str], environment: &[(&str, String)]) -> Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let log = fs::File::create(std::env::temp_dir().join(format!("waypost-bench-{name}.log")))?;
        let child = Command::new(path)
            .args(arguments)
            .envs(environment.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", path.display()))?;
        Ok(Self { child })
    }

    /// The same, with settings beside the usual ones.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start_with(
        path: &Path,
        arguments: &[&str],
        usual: &[(&str, String)],
        settings: &[(&str, &str)],
    ) -> Result<Self> {
        let more = settings
            .iter()
            .map(|(key, value)| (*key, (*value).to_owned()));
        let all: Vec<_> = usual.iter().cloned().chain(more).collect();
        Self::start(path, arguments, &all)
    }

    /// Its process id; 0 when it has ended.
    pub fn pid(&self) -> u32 {
        self.child.id().unwrap_or(0)
    }

    /// Ends it.
    ///
    /// # Errors
    /// When the system refuses.
    pub async fn stop(mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }

    /// Waits until something listens at `address`.
    ///
    /// # Errors
    /// When the program ends first or nothing listens in time.
    pub async fn listening(&mut self, address: SocketAddr) -> Result<()> {
        for _ in 0..600 {
            if TcpStream::connect(address).await.is_ok() {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("the program ended before it listened: {status}");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("nothing listens at {address}")
    }
}

/// CPU time of a process so far, user and system.
///
/// # Errors
/// When there is no such process, or no Linux.
pub fn cpu_time(pid: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name, in parentheses, may hold spaces: fields are counted behind it.
    let fields: Vec<&str> = stat
        .rsplit_once(')')
        .context("stat")?
        .1
        .split_whitespace()
        .collect();
    let ticks: u64 = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
    // USER_HZ is 100 on every Linux that Rust runs on.
    Ok(Duration::from_millis(ticks * 10))
}

/// Resident memory of a process, in MiB.
///
/// # Errors
/// When there is no such process, or no Linux.
pub fn resident_mib(pid: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let kib: f64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|line| line.split_whitespace().next())
        .context("VmRSS")?
        .parse()?;
    Ok(kib / 1024.0)
}

/// Lets this process, and those that it starts from now on, have `count` files open at once.
///
/// # Errors
/// When the system does not allow as many, or no Linux.
pub fn allow_files(count: u64) -> Result<()> {
    let limits = fs::read_to_string("/proc/self/limits")?;
    let soft = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))
        .and_then(|line| line.split_whitespace().next())
        .context("Max open files")?;
    if soft == "unlimited" || soft.parse::<u64>()? >= count {
        return Ok(());
    }
    let status = std::process::Command::new("prlimit")
        .arg(format!("--pid={}", std::process::id()))
        .arg(format!("--nofile={count}:"))
        .status()
        .context("cannot run prlimit (of util-linux)")?;
    ensure!(
        status.success(),
        "{count} open files are needed and the system allows {soft}: raise the hard limit (ulimit -Hn)"
    );
    Ok(())
}
