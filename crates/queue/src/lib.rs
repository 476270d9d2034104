//! Redis: the only crate that knows a key.
//!
//! A queue is a plain list in Redis, cut into partitions. What makes it safe stands in three places:
//!
//! * **In**: [`Enqueuer`] turns the requests that wait at one moment into one `LPUSH` (group commit) and answers
//!   each of them only when Redis has.
//! * **Out**: a [`Consumer`] reserves a [`Batch`]: one script moves up to N entries into a list that belongs to
//!   this batch alone. Settling the batch (done, retry later, give up) is one script again, and it is *fenced*: it
//!   acts only while the consumer's lease is alive and the batch is still its own.
//! * **Around**: every consumer has a lease with a heartbeat; whoever finds a lapsed lease hands what it held to
//!   the others, and counts how often that has happened to an entry.
//!
//! Redelivery rule: an entry is delivered at least once. It is delivered again when its consumer's lease lapsed
//! before the settlement; such an entry carries [`Entry::handbacks`] > 0, which tells the worker that the effects
//! may already be there and their events may not.
//!
//! Reading order: [`keys`] (every key, in one place), `envelope`, `enqueue`, `consumer`, `settle`, `lease`, then
//! [`Inbox`] for what an operator does, [`EffectMemory`] and [`EventLog`] for what stands beside the queue. The way
//! out is `outbox`: lanes, limits and the circuit breaker; its page has a reading order of its own.
//! The scripts are in `lua/`; each opens with its keys.

mod admin;
mod connect;
mod consumer;
mod dead;
mod durability;
mod enqueue;
mod envelope;
mod error;
mod events;
mod figures;
mod inbox;
pub mod keys;
mod lease;
mod memory;
mod outbox;
mod script;
mod settings;
mod settle;

pub use admin::AdminCorner;
pub use connect::Redis;
pub use consumer::{Batch, Consumer, Entry, Reserved, Waiter};
pub use dead::{DeadCursor, DeadFilter, DeadLetter, DeadLetters};
pub use enqueue::{EnqueueError, Enqueuer, EnqueuerTask};
pub use envelope::{Envelope, EnvelopeError, Kind};
pub use error::QueueError;
pub use events::{Bounds, EventLog, EventPage, EventTail, NotAPosition, Position, StoredEvent};
pub use figures::{Member, PartitionFigures, Pause, Rate, Rates};
pub use inbox::{Cleared, Inbox, InboxStats};
pub use memory::EffectMemory;
pub use outbox::*;
pub use settings::{AckMode, EventSettings, InboxSettings, MemorySettings, RedisSettings};
pub use settle::{Settled, Settlement};

/// Generated from `proto/waypost/queue/v1`.
mod wire {
    #![allow(
        missing_docs,
        unreachable_pub,
        clippy::all,
        reason = "generated code; the proto file is the documentation"
    )]
    include!(concat!(env!("OUT_DIR"), "/waypost.queue.v1.rs"));
}
