//! What a program does about telemetry at its start and at its end.

use crate::{LogSettings, log, metrics};

/// Keeps telemetry alive. Keep it until the very end of `main`: dropping it sends what is still waiting, which takes a few
/// seconds at most. It blocks its thread meanwhile, and needs no runtime to make progress.
#[derive(Debug)]
#[must_use = "dropping it ends telemetry"]
pub struct Guard {
    #[cfg(feature = "otlp")]
    exporter: Option<crate::otlp::Exporter>,
}

/// Why telemetry did not start. Not retryable.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TelemetryError {
    /// `log.level` holds no valid directives.
    #[error("log.level: {0}")]
    Level(#[from] tracing_subscriber::filter::ParseError),
    /// Something in the process has set a subscriber already.
    #[error("logging was already set up in this process: {0}")]
    Twice(#[from] tracing_subscriber::util::TryInitError),
    /// The collector cannot be spoken to in the way that is configured.
    #[error("telemetry.otlp_endpoint: {0}")]
    Collector(String),
    /// No thread, or no runtime, for what is sent.
    #[error("telemetry cannot run: {0}")]
    Thread(#[from] std::io::Error),
}

/// Starts the log, and watches the runtime that this is called in.
pub fn init(log: &LogSettings) -> Result<Guard, TelemetryError> {
    log::install(log)?;
    metrics::started();
    metrics::watch_runtime();
    Ok(Guard {
        #[cfg(feature = "otlp")]
        exporter: None,
    })
}

#[cfg(feature = "otlp")]
impl Guard {
    /// Sends traces and metrics to a collector, if one is configured, under the name of this program.
    pub fn export(
        mut self,
        settings: &crate::TelemetrySettings,
        program: &str,
        version: &str,
    ) -> Result<Self, TelemetryError> {
        metrics::identify(program, version);
        let Some(endpoint) = &settings.endpoint else {
            return Ok(self);
        };
        let exporter = crate::otlp::start(settings, endpoint, program, version)?;
        crate::trace::install(exporter.tracer());
        tracing::info!("traces and metrics go to {endpoint}");
        self.exporter = Some(exporter);
        Ok(self)
    }
}
