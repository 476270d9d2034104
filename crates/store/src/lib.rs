//! Postgres: the only crate with SQL.
//!
//! One batch of facts goes in as one transaction, and for each of its items an [`Outcome`] comes back: stored, known
//! already, bad for ever, or not now. Whoever calls may do so as often as he likes and from as many processes as he
//! likes: unique keys decide, so that the same fact has one effect.
//!
//! In reading order:
//!
//! - `batch`: what goes in, [`Batch`] and its rows, all borrowed; `outbound`: those about messages sent through us.
//!   `outcome`: what comes out, [`Persisted`].
//! - `settings`: [`StoreSettings`]. `connect`, `tls`: the pool behind [`Store`]; `watch`: its
//!   figures.
//! - `migrate`: the embedded migrations.
//! - `persist`: the hot path. Its page tells how a batch is written, and `persist::attempt` is one transaction in order:
//!   `contacts`, raw `webhooks`, `messages`, `sends`, `statuses`, `facts`, `accounts`, the five-second `window`; after the
//!   commit `project` brings the state of sent messages up to date.
//! - `contacts`: who is who: look up, create, merge, and the changes of number and user id.
//! - `fail`: what could not be understood is kept as bytes. `maintain`: partitions, retention, trims.
//! - `history`: what is known of messages, one or many. `numbers`: the business numbers, as webhooks name them.
//! - `audit`: who has changed what. `query`: queries put together from filters.
//! - `summary`: counts and latencies, for people and tests.
//! - `error`: [`StoreError`], which says whether trying again can help. `sql` and `copy`: what we send our own way.
//!
//! `docs/SCHEMA.md` describes every table.

mod audit;
mod batch;
mod bulk;
mod connect;
mod contacts;
mod error;
mod fail;
mod history;
mod maintain;
mod migrate;
mod numbers;
mod outbound;
mod outcome;
mod persist;
mod query;
mod settings;
mod sql;
mod store;
mod summary;
mod tls;
mod watch;

pub use audit::{AuditFilter, AuditRow};
pub use batch::{
    AccountRow, Batch, FailedWebhook, IdentityChange, Item, MediaRow, MessageRow, Person,
    RawWebhook, StatusRow,
};
pub use error::StoreError;
pub use history::{
    Attempt, Conversation, Conversations, HeardStatus, History, KnownMessage, MessageFilter,
    MessageKey, Sending, Standing, Step,
};
pub use maintain::Maintained;
pub use outbound::{FactRow, NumberRow, SendRow};
pub use outcome::{Outcome, Persisted};
pub use settings::{StoreSettings, TlsMode, WindowPolicy};
pub use store::Store;
pub use summary::{Latency, MessageCount, NamedCount, Summary};
