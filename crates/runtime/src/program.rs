//! What every service's `main` does: arguments, configuration, log, signal, exit code.

use std::io::Write;
use std::path::PathBuf;
use std::pin::Pin;
use std::process::ExitCode;

use clap::{Arg, Command, value_parser};
use waypost_settings::{Layered, Lookup, SettingsError};
use waypost_telemetry::LogSettings;

use crate::signal;

/// What sysexits.h calls EX_USAGE: starting again won't help, the configuration has to change.
const BAD_CONFIG: u8 = 64;

/// Completes when the process is to end.
pub type Shutdown = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A service as a program.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// Name of the executable.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// What it does, in a sentence.
    pub about: &'static str,
}

impl Program {
    /// Runs it: `read` makes the configuration of what is set, `start` serves until the signal.
    ///
    /// Whoever supervises the process learns from the exit code whether to start it again: 64 says that it would not help.
    pub async fn run<C>(
        self,
        read: impl FnOnce(&dyn Lookup) -> Result<C, SettingsError>,
        start: impl AsyncFnOnce(C, Shutdown) -> anyhow::Result<()>,
    ) -> ExitCode {
        let file = match self.command().try_get_matches() {
            Ok(matches) => matches.get_one::<PathBuf>("config").cloned(),
            Err(error) => {
                let _ = error.print();
                // --help and --version arrive here too, and are no mistakes.
                return ExitCode::from(if error.use_stderr() { BAD_CONFIG } else { 0 });
            }
        };
        let configured = Layered::load(file.as_deref())
            .and_then(|lookup| Ok((read(&lookup)?, LogSettings::from_lookup(&lookup)?)));
        let (config, log) = match configured {
            Ok(configured) => configured,
            Err(error) => {
                // The log isn't set up yet: how it is to look is part of what was refused.
                let _ = writeln!(std::io::stderr(), "{}: {error}", self.name);
                return ExitCode::from(BAD_CONFIG);
            }
        };
        match serve(config, &log, start).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                tracing::error!("{error:#}");
                ExitCode::FAILURE
            }
        }
    }

    fn command(self) -> Command {
        Command::new(self.name).version(self.version).about(self.about).arg(
            Arg::new("config")
                .long("config")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help("TOML file with the configuration; WAYPOST_CONFIG names one too. The environment wins over it"),
        )
    }
}

async fn serve<C>(
    config: C,
    log: &LogSettings,
    start: impl AsyncFnOnce(C, Shutdown) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let _logs = waypost_telemetry::init(log)?;
    // Before anything that takes time, so that no signal is lost.
    let shutdown = Box::pin(signal::shutdown()?);
    start(config, shutdown).await
}
