//! Logs, metrics, traces, and what may be shown of a value.
//!
//! - [`init`] and [`Guard`] (`start`): the log, and what goes to a collector; every program calls it once, first thing.
//! - `log`: [`LogSettings`], and [`say!`] with [`About`], which puts the same three ids into every line.
//! - [`metrics`]: the catalogue of all metrics, and the scrape endpoint's text.
//! - [`trace`]: spans, their context in `traceparent`, sampling.
//! - `otlp` (feature of that name): sending both to a collector, over gRPC or HTTP.
//! - `settings`: [`TelemetrySettings`].
//! - [`redact`]: what may be shown of a phone number, a message id or a key.

mod log;
pub mod metrics;
#[cfg(feature = "otlp")]
pub mod otlp;
pub mod redact;
mod settings;
mod start;
#[cfg_attr(
    not(feature = "otlp"),
    allow(
        dead_code,
        reason = "only who exports makes a tracer and reads records"
    )
)]
pub mod trace;

pub use log::{About, Format, LogSettings};
pub use settings::{Header, Protocol, TelemetrySettings};
pub use start::{Guard, TelemetryError, init};
/// For [`say!`].
#[doc(hidden)]
pub use tracing;
