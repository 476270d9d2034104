//! Runs a command with one Redis and one Postgres for all the tests in it: `waypost-harness [--] COMMAND…`.

use std::process::{ExitCode, ExitStatus};

use anyhow::Context;
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};
use waypost_harness::{DATABASE_URL, REDIS_URL, Servers};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<ExitCode> {
    let mut words = std::env::args_os().skip(1).peekable();
    words.next_if(|word| word == "--");
    let program = words
        .next()
        .context("usage: waypost-harness [--] COMMAND…")?;
    // Before anything is started, so that an early signal finds us listening.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;

    let servers = Servers::start().await?;
    let mut child = Command::new(&program)
        .args(words)
        .env(REDIS_URL, servers.redis_url())
        .env(DATABASE_URL, servers.database_url())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("cannot run {}", program.display()))?;
    let status = loop {
        tokio::select! {
            status = child.wait() => break status?,
            // The terminal has told the command too: wait for it, so that the servers outlive it.
            _ = interrupt.recv() => {}
            _ = terminate.recv() => child.start_kill()?,
        }
    };
    servers.stop().await?;
    Ok(code_of(status))
}

/// The command's own code; 1 when a signal ended it.
fn code_of(status: ExitStatus) -> ExitCode {
    status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .map_or(ExitCode::FAILURE, ExitCode::from)
}
