//! The program `waypost-ingress`: configuration, listeners, signal. The service is in the library.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use tokio::net::TcpListener;
use waypost_ingress::{Config, KEYS, Listeners, run};
use waypost_settings::{Layered, SettingsError, refuse_unknown};
use waypost_telemetry::{LogSettings, init};

/// What sysexits.h calls EX_USAGE: starting again won't help, the configuration has to change.
const BAD_CONFIG: u8 = 64;

/// Takes WhatsApp webhooks in and queues them.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// TOML file with the configuration; WAYPOST_CONFIG names one too. The environment wins over it.
    #[arg(long)]
    config: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::try_parse().unwrap_or_else(|error| {
        let _ = error.print();
        // --help and --version arrive here too, and are no mistakes.
        std::process::exit(if error.use_stderr() {
            i32::from(BAD_CONFIG)
        } else {
            0
        })
    });
    let result = match configure(&arguments) {
        Ok((config, log)) => start(config, &log).await,
        Err(error) => {
            // The log isn't set up yet: how it is to look is part of what was refused.
            let _ = writeln!(std::io::stderr(), "waypost-ingress: {error}");
            return ExitCode::from(BAD_CONFIG);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn configure(arguments: &Arguments) -> Result<(Config, LogSettings), SettingsError> {
    let lookup = Layered::load(arguments.config.as_deref())?;
    refuse_unknown(&lookup, KEYS)?;
    Ok((
        Config::from_lookup(&lookup)?,
        LogSettings::from_lookup(&lookup)?,
    ))
}

async fn start(config: Config, log: &LogSettings) -> anyhow::Result<()> {
    let _telemetry = init(log)?;
    // Before anything that takes time, so that no signal is lost.
    let shutdown = waypost_runtime::signal::shutdown()?;
    let webhook = bind("ingress.listen", config.listen).await?;
    let admin = match config.admin.listen {
        Some(address) => Some(bind("admin.listen", address).await?),
        None => None,
    };
    Ok(run(config, Listeners { webhook, admin }, shutdown).await?)
}

async fn bind(key: &str, address: std::net::SocketAddr) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address} ({key})"))?;
    tracing::info!(
        "listening on {} ({key}), version {}",
        listener.local_addr()?,
        env!("CARGO_PKG_VERSION")
    );
    Ok(listener)
}
