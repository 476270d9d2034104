//! What every service's `main` does: arguments, configuration, telemetry, signal, exit code.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::ExitCode;

use clap::{Arg, ArgAction, Command, value_parser};
use waypost_settings::{Layered, Lookup, SettingsError, refuse_unknown};
use waypost_telemetry::{LogSettings, TelemetrySettings};

use crate::{AdminSettings, probe, signal};

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
        let matches = match self.command().try_get_matches() {
            Ok(matches) => matches,
            Err(error) => {
                let _ = error.print();
                // --help and --version arrive here too, and are no mistakes.
                return ExitCode::from(if error.use_stderr() { BAD_CONFIG } else { 0 });
            }
        };
        let file = matches.get_one::<PathBuf>("config").cloned();
        if matches.get_flag("health") {
            return health(file.as_deref()).await;
        }
        let configured = Layered::load(file.as_deref())
            .and_then(|lookup| Ok((read(&lookup)?, Telemetry::read(&lookup)?)));
        let (config, telemetry) = match configured {
            Ok(configured) => configured,
            Err(error) => {
                // The log isn't set up yet: how it is to look is part of what was refused.
                let _ = writeln!(std::io::stderr(), "{}: {error}", self.name);
                return ExitCode::from(BAD_CONFIG);
            }
        };
        match self.serve(config, &telemetry, start).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                tracing::error!("{error:#}");
                ExitCode::FAILURE
            }
        }
    }

    async fn serve<C>(
        self,
        config: C,
        telemetry: &Telemetry,
        start: impl AsyncFnOnce(C, Shutdown) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let _telemetry = waypost_telemetry::init(&telemetry.log)?.export(
            &telemetry.export,
            self.name,
            self.version,
        )?;
        // Before anything that takes time, so that no signal is lost.
        let shutdown = Box::pin(signal::shutdown()?);
        start(config, shutdown).await
    }

    fn command(self) -> Command {
        Command::new(self.name)
            .version(self.version)
            .about(self.about)
            .arg(
                Arg::new("config")
                    .long("config")
                    .value_name("FILE")
                    .value_parser(value_parser!(PathBuf))
                    .help("TOML file with the configuration; WAYPOST_CONFIG names one too. The environment wins over it"),
            )
            .arg(
                Arg::new("health")
                    .long("health")
                    .action(ArgAction::SetTrue)
                    .help("Ask the process that runs with this configuration whether it is ready, and exit with 0 or 1"),
            )
    }
}

/// Read by every program alike, so that no service has to.
struct Telemetry {
    log: LogSettings,
    export: TelemetrySettings,
}

impl Telemetry {
    fn read(lookup: &dyn Lookup) -> Result<Self, SettingsError> {
        // Services leave the section to us, misspelt names in it too.
        refuse_unknown(lookup, &[TelemetrySettings::KEYS])?;
        Ok(Self {
            log: LogSettings::from_lookup(lookup)?,
            export: TelemetrySettings::from_lookup(lookup)?,
        })
    }
}

/// Says in a line whether the process is ready. Reads nothing but where to ask: a health check needs no secrets.
async fn health(file: Option<&Path>) -> ExitCode {
    let listen = Layered::load(file)
        .and_then(|lookup| AdminSettings::from_lookup(&lookup))
        .map(|admin| admin.listen);
    let verdict = match listen {
        Ok(Some(listen)) => probe::ready(listen).await,
        Ok(None) => Err("admin.listen is not set, so there is nothing to ask".to_owned()),
        Err(error) => Err(error.to_string()),
    };
    match verdict {
        Ok(()) => {
            let _ = writeln!(std::io::stdout(), "ready");
            ExitCode::SUCCESS
        }
        Err(why) => {
            let _ = writeln!(std::io::stderr(), "{why}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use waypost_settings::MapLookup;

    use super::*;

    #[test]
    fn a_misspelt_name_of_telemetry_is_refused_and_other_sections_are_left_alone() {
        let lookup =
            MapLookup::from([("redis.url", "redis://localhost"), ("telemetry.slow", "1s")]);
        assert!(Telemetry::read(&lookup).is_ok());
        let wrong = lookup.with("telemetry.sample", "0.1");
        let text = Telemetry::read(&wrong).err().unwrap().to_string();
        assert!(text.contains("telemetry.sample"), "{text}");
    }
}
