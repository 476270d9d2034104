//! The telemetry of this process, and the collector that it sends to.

use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use waypost_harness::otlp::Receiver;
use waypost_telemetry::{Format, Guard, LogSettings, Protocol, TelemetrySettings};

static TELEMETRY: OnceLock<(Receiver, Mutex<Guard>)> = OnceLock::new();

/// Turns traces on, once for the process. Tests tell their spans apart by trace.
pub(crate) fn collector() -> &'static Receiver {
    let (collector, _) = TELEMETRY.get_or_init(|| {
        let collector = Receiver::http();
        let settings = TelemetrySettings {
            endpoint: Some(collector.url()),
            protocol: Protocol::Http,
            headers: Vec::new(),
            service_name: None,
            sample_ratio: 1.0,
            slow: Duration::from_secs(3600),
            queue: 8192,
            interval: Duration::from_secs(1),
        };
        let log = LogSettings {
            level: "off".to_owned(),
            format: Format::Json,
        };
        let guard = waypost_telemetry::init(&log).unwrap();
        let guard = guard.export(&settings, "waypost-test", "0").unwrap();
        (collector, Mutex::new(guard))
    });
    collector
}
