//! `waypost-worker`: reads its configuration, runs until SIGTERM, drains.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use tokio::net::TcpListener;
use waypost_runtime::{Health, signal};
use waypost_settings::Layered;
use waypost_worker::{Config, run};

/// Takes webhooks from the inbox in Redis and puts them into Postgres.
#[derive(Parser)]
#[command(name = "waypost-worker", version)]
struct Arguments {
    /// TOML file; the environment wins over it.
    #[arg(long, env = "WAYPOST_CONFIG")]
    config: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let config = match Layered::load(arguments.config.as_deref())
        .and_then(|lookup| Config::from_lookup(&lookup))
    {
        Ok(config) => config,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "logs are not set up yet")]
            {
                eprintln!("waypost-worker: {error}");
            }
            return ExitCode::from(64);
        }
    };
    match start(config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn start(config: Config) -> anyhow::Result<()> {
    let _logs = waypost_telemetry::init(&config.log)?;
    let shutdown = signal::shutdown()?;
    let admin = match config.admin.listen {
        Some(address) => Some(TcpListener::bind(address).await?),
        None => None,
    };
    Ok(run(config, admin, Health::default(), shutdown).await?)
}
