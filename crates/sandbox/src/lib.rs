//! A fake Meta to develop and test against: composes, signs and sends webhooks of every type, and answers the Graph
//! API, faults and limits included.
//!
//! Everything is made from a seed. The same seed gives the same bytes, so a failure can be had again, and no wamid of
//! one seed occurs under another.
//!
//! In reading order:
//!
//! - [`compose`]: one update at a time. A [`Composer`] invents people, ids and times; its [`Composed`] updates know
//!   which rows they must leave behind ([`Effect`]).
//! - [`Batch`]: up to 1,000 updates in one body, the way Meta groups and escapes them.
//! - [`Scenario`]: how many updates, how much of it twice, forged, broken or out of order. It makes a [`Plan`]: the
//!   deliveries, and the figures that the database must show afterwards ([`Expected`]).
//! - [`Sender`]: posts a plan over kept-alive connections, and tries again the way Meta does.
//! - [`graph`]: the other way. A [`Graph`] takes the messages that we send, refuses or loses them as it is told, and
//!   sends their statuses back. It keeps a log of what it accepted, by our own id.
//!
//! ```
//! use waypost_sandbox::Scenario;
//!
//! let plan = Scenario { seed: 7, updates: 500, ..Scenario::default() }.plan(b"app secret");
//! assert!(plan.deliveries.iter().all(|delivery| delivery.signature.is_some()));
//! assert_eq!(plan.expected.refused, 0);
//! ```

mod batch;
pub mod compose;
mod dice;
mod encode;
pub mod graph;
mod scenario;
mod send;

pub use batch::{Batch, Full};
pub use compose::{Composed, Composer, Effect, MessageKind, Story, Way, field_names};
pub use graph::{Graph, GraphSettings, Limits, WebhookSettings};
pub use scenario::{Delivery, DeliveryKind, Expected, Plan, Scenario};
pub use send::{Outcome, Retry, SendError, Sender};
