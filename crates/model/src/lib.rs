//! Nouns of the domain and their legal state changes; no I/O.
//!
//! In reading order:
//!
//! * [`Direction`] and [`Origin`]: which way a message went, and how we came to know of it.
//! * [`DeliveryStatus`]: the ladder that a sent message climbs, and that it never climbs down.
//! * [`EffectKey`]: the name by which the same effect is recognised again, whatever carried it.
//! * [`Priority`], [`OnUnknown`], [`Recipient`], [`SendState`], [`DeadClass`]: the words of the outbound path.
//! * [`Event`]: what the rest of the world is told after a commit.
//!
//! Nothing here knows Redis, Postgres, HTTP or Meta's JSON.

mod direction;
mod effect;
mod event;
mod outbound;
mod status;

pub use direction::{Direction, Origin};
pub use effect::{EffectKey, content_id};
pub use event::{Event, EventKind};
pub use outbound::{DeadClass, OnUnknown, Priority, Recipient, SendState};
pub use status::DeliveryStatus;
