//! Metrics: counters, gauges and histograms that cost an atomic addition, and the catalogue of all of them.
//!
//! A metric is declared once, in [`catalog`]: name, kind, unit, labels, help. From there come the scrape endpoint
//! ([`prometheus`]), what goes to a collector, and the page docs/METRICS.md ([`markdown`]).
//!
//! ```text
//! use waypost_telemetry::metrics::{self, Part, label::*, ingress};
//!
//! metrics::enable(Part::Ingress);                                  // once, where the service starts
//! ingress::WEBHOOKS.of(WebhookResult::Accepted).inc();
//! ingress::WEBHOOK_BYTES.add(body.len() as u64);
//! ingress::WEBHOOK_DURATION.record(started.elapsed());
//! let _timer = worker::BATCH_DURATION.of(Stage::Persist).start();  // records when it is dropped
//! dispatcher::ATTEMPTS.of((AttemptClass::Done, Number::of(phone_number_id))).inc();
//! monitor::NUMBER_ENTRIES.replace(levels);                         // and no other series any more
//! let _pool = metrics::observe(|| { postgres::POOL.of(PoolState::Idle).set(3.0); });
//! ```
//!
//! Metrics belong to the process, as its memory does: two services in one process add to the same `common` ones, and
//! every admin listener of that process shows the same.
//!
//! In reading order: [`label`] and `bounded` (what a series is told apart by), `table` (where series lie), [`counter`],
//! [`gauge`], [`histogram`], [`family`] (a metric as read), [`catalog`], `registry` (which are shown), `text` and `page`
//! (how), `process` and `tokio` (figures that nobody counts).

mod bounded;
pub mod catalog;
pub mod counter;
pub mod family;
pub mod gauge;
pub mod histogram;
pub mod label;
mod page;
mod process;
mod registry;
mod runtime;
mod table;
mod text;

pub use catalog::common::postgres;
pub use catalog::{Part, common, dispatcher, ingress, monitor, realtime, worker};
pub use counter::Counter;
pub use family::{Desc, Family, Kind, Point, Unit, Value};
pub use gauge::Gauge;
pub use histogram::{Amounts, Durations, Histogram};
pub use page::markdown;
pub(crate) use process::started;
pub use registry::{Observer, collect, enable, identify, observe};
pub use runtime::watch_runtime;
pub use text::{CONTENT_TYPE, prometheus};
