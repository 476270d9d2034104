//! What metrics and traces are told of calls.
//!
//! Two layers: one around the guard counts all calls, those that it refuses too; one behind it makes the spans, so that strangers decide
//! nothing about traces. The gateway's calls come through both like all others. In reading order: `method`, what a path is called;
//! `counted` and `traced`, the two; `noted`, one call from begin to end; `layer`, the tower layer; `misread`, what only the gateway
//! knows.

mod counted;
mod layer;
mod method;
mod misread;
mod noted;
#[cfg(test)]
mod tests;
mod traced;

use counted::Counted;
use layer::ObserveLayer;
use traced::Traced;

pub(crate) use misread::Misread;
pub(crate) use traced::TRACEPARENT;

/// Counts every call.
pub(crate) fn count() -> ObserveLayer<Counted> {
    ObserveLayer::default()
}

/// Makes a span of every call of this API, and tells the service its context.
pub(crate) fn trace() -> ObserveLayer<Traced> {
    ObserveLayer::default()
}
