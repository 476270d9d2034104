//! A collector: what services tell of themselves by OTLP, kept for tests to look at.
//!
//! - [`Receiver`]: takes it over gRPC or HTTP. Dropping it kills it, and another may be started at its address.
//! - [`Received`]: finds and awaits what has come; a [`Span`] has ids and values as text.
//! - [`Hanging`]: a collector that takes connections and never answers.

mod received;
mod receiver;
mod server;
mod span;
mod state;

pub use received::Received;
pub use receiver::Receiver;
pub use server::Hanging;
pub use span::{Attributes, Link, Span, attributes};
