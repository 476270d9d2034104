//! Sending traces and metrics to a collector, over OTLP.
//!
//! One thread with a runtime of its own, so that neither a busy service holds up what is sent, nor a collector that hangs
//! holds up the service, nor does the end of a process wait for a runtime that has stopped. What it cannot get rid of is
//! dropped and counted in `waypost_telemetry_dropped_total`: the queue of spans is bounded, a request takes a few seconds
//! at most, and so does the end.
//!
//! In reading order: [`start`] and [`Exporter`], `spans` and `points` (the two loops), `encode` (what they send),
//! `transport` (gRPC and HTTP).

mod encode;
mod points;
mod resource;
mod spans;
mod transport;

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::watch;

use crate::trace::Tracer;
use crate::{TelemetryError, TelemetrySettings};
use transport::Transport;

/// How long the end of a process may wait for the last spans and metrics to be sent.
pub const LAST_WORDS: Duration = Duration::from_secs(3);

/// What sends. Dropping it sends what is waiting, for [`LAST_WORDS`] at most.
#[derive(Debug)]
pub struct Exporter {
    tracer: &'static Tracer,
    stop: watch::Sender<bool>,
    /// Hung up when the thread is done.
    done: mpsc::Receiver<()>,
}

/// Starts to send to the collector at `endpoint`. It need not be there yet.
///
/// # Errors
/// When the address or a header makes no sense to the client, or there is no thread to be had.
pub fn start(
    settings: &TelemetrySettings,
    endpoint: &str,
    program: &str,
    version: &str,
) -> Result<Exporter, TelemetryError> {
    let (tracer, records) = Tracer::leak(settings.sample_ratio, settings.slow, settings.queue);
    let (stop, stopped) = watch::channel(false);
    let (alive, done) = mpsc::channel::<()>();
    let name = settings.service_name.as_deref().unwrap_or(program);
    let resource = resource::of(name, version);
    let interval = settings.interval;

    let runtime = Builder::new_current_thread().enable_all().build()?;
    let transport = {
        // A client of tonic's wants to be made inside its runtime.
        let _entered = runtime.enter();
        Transport::new(settings, endpoint).map_err(TelemetryError::Collector)?
    };
    thread::Builder::new()
        .name("telemetry".to_owned())
        .spawn(move || {
            let spans = spans::Shipper::new(&transport, &resource, records);
            let points = points::Shipper::new(&transport, &resource, interval);
            runtime.block_on(async {
                tokio::join!(spans.run(stopped.clone()), points.run(stopped));
            });
            drop(alive);
        })?;
    Ok(Exporter { tracer, stop, done })
}

impl Exporter {
    /// What makes spans that go there.
    pub fn tracer(&self) -> &'static Tracer {
        self.tracer
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
        // Nothing is ever sent here: this waits for the thread to hang up.
        if self.done.recv_timeout(LAST_WORDS) == Err(mpsc::RecvTimeoutError::Timeout) {
            tracing::warn!("the collector did not take the last spans and metrics in time");
        }
    }
}

/// Complains once when things go wrong, and says once that they are well again.
#[derive(Debug, Default)]
struct Complaint {
    made: bool,
}

impl Complaint {
    fn failed(&mut self, what: &str, why: &str) {
        if !std::mem::replace(&mut self.made, true) {
            tracing::warn!(
                "the collector does not take {what}: {why}; they are dropped until it does"
            );
        }
    }

    fn worked(&mut self, what: &str) {
        if std::mem::take(&mut self.made) {
            tracing::info!("the collector takes {what} again");
        }
    }
}
