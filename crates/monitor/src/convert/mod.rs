//! From what queues and store know to what the protos say.

pub(crate) mod dead;
pub(crate) mod message;
pub(crate) mod number;
pub(crate) mod stats;
pub(crate) mod time;
pub(crate) mod timeline;
