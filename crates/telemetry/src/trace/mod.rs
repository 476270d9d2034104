//! Traces: spans that cost next to nothing while nothing is exported, and little when their trace is not sampled.
//!
//! ```text
//! use waypost_telemetry::trace::{self, Context, Kind, names};
//!
//! // The first span of a message. Whoever knows the message's id can link to it later.
//! let mut span = trace::first("POST /webhook", id, Context::parse(header)).kind(Kind::Server);
//! envelope.traceparent = span.context().traceparent();
//! span.set(names::HTTP_STATUS, 200);                  // it ends when it is dropped
//!
//! // A later hop: a span in the trace of its entry.
//! let cx = trace::resume(&envelope.traceparent, envelope.id);
//! let span = trace::child("process", cx).kind(Kind::Consumer).attr(names::MESSAGE_ID, envelope.id);
//!
//! // A batch has a trace of its own; it is linked to its entries, and they to it.
//! let batch = trace::batch("persist batch", entries.iter().map(|entry| entry.cx));
//! let entry = trace::child("persist", cx).link(batch.context());
//!
//! // A status tells of a message that was sent in another trace.
//! let span = trace::child("status", cx).link(trace::origin(message_id, None));
//!
//! // Kept whether sampled or not.
//! span.error("postgres is away");
//! span.unknown();
//! ```
//!
//! **Ids.** The trace of a message or a webhook has its id: the 32 hex digits of a UUID without its hyphens. Its first
//! span has an id that follows from the UUID too ([`Context::of`]). A sender that brings a `traceparent` of its own keeps
//! its trace; its sampled flag is honoured.
//!
//! **Sampling** is decided once, by a hash of the message's id, and travels in the sampled flag of `traceparent`; a hop
//! that gets no context comes to the same decision by itself. Each span also decides at its end: with an error, of an
//! unknown outcome, or slower than `telemetry.slow`, it is exported although its trace is not sampled, and so is what it
//! starts from then on, in other processes too. What ended before that is gone: such a trace has the spans that tell what
//! was wrong, and not always those above them.
//!
//! In reading order: [`Context`], [`Span`] (`span`), `record` (what is remembered of one), [`value`] and [`names`]
//! (attributes), [`Tracer`] (what is kept, and the bounded queue).

mod context;
pub mod names;
mod record;
mod sampler;
mod span;
mod tracer;
pub mod value;

use std::borrow::Cow;

use uuid::Uuid;

pub use context::{Context, TraceId};
pub use record::Kind;
#[cfg(feature = "otlp")]
pub(crate) use record::{Record, Status};
pub use span::Span;
pub use tracer::Tracer;
#[cfg(feature = "otlp")]
pub(crate) use tracer::install;
pub use value::Value;

/// The first span of the message or webhook `id`: in the trace that its sender brought, else in a trace of its own.
pub fn first(name: impl Into<Cow<'static, str>>, id: Uuid, sender: Context) -> Span {
    match tracer::current() {
        Some(tracer) => tracer.first(name.into(), id, sender),
        None => Span::off(sender),
    }
}

/// A span below `parent`; without one it begins a trace.
pub fn child(name: impl Into<Cow<'static, str>>, parent: Context) -> Span {
    match tracer::current() {
        Some(tracer) => tracer.child(name.into(), parent),
        None => Span::off(parent),
    }
}

/// A span that stands for many traces at once: in a trace of its own, linked to those that are sampled. It is sampled
/// when one of them is.
pub fn batch(
    name: impl Into<Cow<'static, str>>,
    contexts: impl IntoIterator<Item = Context>,
) -> Span {
    match tracer::current() {
        Some(tracer) => tracer.batch(name.into(), contexts),
        None => Span::off(Context::NONE),
    }
}

/// The context that an entry carries, else that of its id.
pub fn resume(traceparent: &str, id: Uuid) -> Context {
    match (Context::parse(traceparent), tracer::current()) {
        (Context::NONE, Some(tracer)) => tracer.context_of(id),
        (context, _) => context,
    }
}

/// The first span of the message `id`, to link to it from elsewhere: from the status of a message to its send. `trace` is the
/// id of the trace, 32 hex digits, as far as it is known; without it, the message's own.
pub fn origin(id: Uuid, trace: Option<&str>) -> Context {
    match (Context::of(id, trace), tracer::current()) {
        // In its own trace we know whether that is sampled; of a sender's we assume it.
        (context, Some(tracer)) if context.trace() == id.as_u128() => tracer.context_of(id),
        (context, _) => context,
    }
}

/// Whether spans are exported at all. For whoever would have to work for an attribute.
pub fn is_on() -> bool {
    tracer::current().is_some()
}
