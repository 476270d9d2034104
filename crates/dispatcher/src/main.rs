//! The program `waypost-dispatcher`: configuration, listener, signal. The service is in the library.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use waypost_dispatcher::{Config, run};
use waypost_runtime::{Health, signal};
use waypost_settings::{Layered, SettingsError};

/// What sysexits.h calls EX_USAGE: starting again won't help, the configuration has to change.
const BAD_CONFIG: u8 = 64;

/// Takes messages from the outbox in Redis and sends them over the Graph API.
#[derive(Parser)]
#[command(name = "waypost-dispatcher", version)]
struct Arguments {
    /// TOML file with the configuration; WAYPOST_CONFIG names one too. The environment wins over it.
    #[arg(long)]
    config: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let configured = match Arguments::try_parse() {
        Ok(arguments) => load(arguments.config.as_deref()),
        Err(error) => {
            let _ = error.print();
            // --help and --version arrive here too, and are no mistakes.
            return ExitCode::from(if error.use_stderr() { BAD_CONFIG } else { 0 });
        }
    };
    match configured {
        Ok(config) => match start(config).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                tracing::error!("{error:#}");
                ExitCode::FAILURE
            }
        },
        Err(error) => {
            // The log isn't set up yet: how it is to look is part of what was refused.
            let _ = writeln!(std::io::stderr(), "waypost-dispatcher: {error}");
            ExitCode::from(BAD_CONFIG)
        }
    }
}

fn load(file: Option<&Path>) -> Result<Config, SettingsError> {
    Config::from_lookup(&Layered::load(file)?)
}

async fn start(config: Config) -> anyhow::Result<()> {
    let _logs = waypost_telemetry::init(&config.log)?;
    // Before anything that takes time, so that no signal is lost.
    let shutdown = signal::shutdown()?;
    let admin = match config.admin.listen {
        Some(address) => Some(waypost_runtime::listen("admin.listen", address).await?),
        None => None,
    };
    Ok(run(config, admin, Health::default(), shutdown).await?)
}
