//! Logs and redaction.
//!
//! - `log`: [`LogSettings`] and [`init`], which every binary calls once, first thing.
//! - [`redact`]: what may be shown of a phone number, a message id or a key.
//!
//! Metrics and traces over OTLP will live here too, as one more module each; [`Guard`] is what will flush them.

mod log;
pub mod redact;

pub use log::{Format, Guard, LogSettings, TelemetryError, init};
