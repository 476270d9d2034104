//! Spans and metrics on their way to a collector that is there, hangs, or is away.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code"
)]

mod arrival;
mod outage;

use std::time::Duration;

use waypost_telemetry::otlp::{Exporter, start};
use waypost_telemetry::trace::Context;
use waypost_telemetry::{Protocol, TelemetrySettings};

/// Far longer than anything here takes, for machines that have other things to do.
const DEADLINE: Duration = Duration::from_secs(30);
/// The name that what is sent here comes from.
const SERVICE: &str = "waypost-test";

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
    start(settings, endpoint, SERVICE, "1.2.3").unwrap()
}

/// The hex digits of trace and span.
fn ids(context: Context) -> (String, String) {
    let text = context.traceparent();
    let mut parts = text.split('-').skip(1).map(str::to_owned);
    (parts.next().unwrap(), parts.next().unwrap())
}
