//! Spans and metrics on their way to a collector that is there, hangs, or is away.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code"
)]

mod arrival;
mod outage;
mod receiver;

use std::time::{Duration, Instant};

use waypost_telemetry::otlp::{Exporter, start};
use waypost_telemetry::trace::Context;
use waypost_telemetry::{Protocol, TelemetrySettings};

/// Far longer than anything here takes, for machines that have other things to do.
const DEADLINE: Duration = Duration::from_secs(30);

fn settings(protocol: Protocol) -> TelemetrySettings {
    TelemetrySettings {
        endpoint: None,
        protocol,
        headers: Vec::new(),
        service_name: None,
        sample_ratio: 1.0,
        slow: Duration::from_secs(3600),
        queue: 8192,
        interval: Duration::from_secs(1),
    }
}

fn export(settings: &TelemetrySettings, endpoint: &str) -> Exporter {
    start(settings, endpoint, "waypost-test", "1.2.3").unwrap()
}

/// Waits until `look` finds something.
async fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < DEADLINE, "{what} did not come");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The hex digits of trace and span.
fn ids(context: Context) -> (String, String) {
    let text = context.traceparent();
    let mut parts = text.split('-').skip(1).map(str::to_owned);
    (parts.next().unwrap(), parts.next().unwrap())
}
