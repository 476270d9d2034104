//! The program `waypost-monitor`: configuration, listeners, signal. The service is in the library.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use waypost_monitor::{Config, Listeners, run};
use waypost_runtime::{Health, signal};
use waypost_telemetry::{LogSettings, init};

/// What sysexits.h calls EX_USAGE: starting again won't help, the configuration has to change.
const BAD_CONFIG: u8 = 64;

/// Serves the admin plane: queue statistics and control over gRPC and HTTP, and the dashboard.
#[derive(Parser)]
#[command(name = "waypost-monitor", version)]
struct Arguments {
    /// TOML file with the configuration; WAYPOST_CONFIG names one too. The environment wins over it.
    #[arg(long)]
    config: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let config = match Arguments::try_parse() {
        Ok(arguments) => Config::load(arguments.config.as_deref()),
        Err(error) => {
            let _ = error.print();
            // --help and --version arrive here too, and are no mistakes.
            return ExitCode::from(if error.use_stderr() { BAD_CONFIG } else { 0 });
        }
    };
    match config {
        Ok(config) => match start(config).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                tracing::error!("{error:#}");
                ExitCode::FAILURE
            }
        },
        Err(error) => {
            // The log isn't set up yet: how it is to look is part of what was refused.
            let _ = writeln!(std::io::stderr(), "waypost-monitor: {error}");
            ExitCode::from(BAD_CONFIG)
        }
    }
}

async fn start(config: Config) -> anyhow::Result<()> {
    let log: LogSettings = config.log.clone();
    let _telemetry = init(&log)?;
    // Before anything that takes time, so that no signal is lost.
    let shutdown = signal::shutdown()?;
    let listeners = Listeners::bind(&config).await?;
    Ok(run(config, listeners, Health::default(), shutdown).await?)
}
