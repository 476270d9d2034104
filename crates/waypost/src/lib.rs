//! The command-line program and the all-in-one.
//!
//! In reading order:
//!
//! - `cli`: commands and flags. `keys`: every configuration key of every part.
//! - `settings`: where `up` and the others take their configuration from, `overlay` what `up` puts on top of it.
//! - `up`: one process that runs everything, with its own Redis and Postgres as children. Its page tells the order.
//! - `migrate`, `config`, `key`, `sandbox`: a command each.
//! - `demo`: `up` in a temporary folder, a few thousand webhooks, and every figure checked; then an inbox to look at.
//! - `admin`: what asks a running monitor: stats, pause, dead letters, the story of a message, events as they happen.
//! - `terminal`, `exit`: what is printed and with which code we end. `signals`: what ends us.
//!
//! Without the feature `all-in-one` there is neither `up` nor `demo`, and none of the services is in the program: images are
//! built so.

mod admin;
mod cli;
mod config;
#[cfg(feature = "all-in-one")]
mod demo;
mod exit;
mod key;
mod keys;
mod migrate;
mod overlay;
mod sandbox;
mod settings;
mod signals;
mod terminal;
#[cfg(feature = "all-in-one")]
mod up;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

/// Runs the command in `arguments` (the first is the program's name) and says how this process is to end: 0 done,
/// 1 failed, 64 wrong usage or configuration; of what asks the monitor also 3 not found, 4 refused, 5 not confirmed.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match cli::Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return exit::usage(&error),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return exit::failure(&error.into()),
    };
    let done = runtime.block_on(dispatch(cli));
    // Whatever still runs (a name being looked up) must not hold us up.
    runtime.shutdown_background();
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => exit::failure(&error),
    }
}

async fn dispatch(cli: cli::Cli) -> anyhow::Result<()> {
    let file = cli.config.as_deref();
    match cli.command {
        #[cfg(feature = "all-in-one")]
        cli::Command::Up(arguments) => Box::pin(up::command(&arguments, file)).await,
        cli::Command::Migrate(arguments) => migrate::command(&arguments, file).await,
        cli::Command::Config(arguments) => config::command(&arguments, file),
        cli::Command::Key(command) => key::command(&command),
        cli::Command::Sandbox(arguments) => Box::pin(sandbox::command(&arguments)).await,
        #[cfg(feature = "all-in-one")]
        cli::Command::Demo(arguments) => Box::pin(demo::command(&arguments)).await,
        cli::Command::Admin(command) => Ok(Box::pin(admin::command(&command)).await?),
    }
}
