//! All that Meta defines about WhatsApp: webhooks with their signature and many types, messages to be sent and the
//! answers to them. Nothing here does I/O.
//!
//! ```text
//! raw bytes ──signature──▶ parse ──▶ Webhook ──updates()──▶ Update { Message | Status | Echo | History | Account | Malformed }
//! a body to send ──send::check──▶ Checked | Fault…        Meta's answer ──graph::judge──▶ Judgement
//! ```
//!
//! Inbound, in reading order:
//!
//! - [`signature`]: is it from Meta? Over the raw bytes, before anything else.
//! - `json`: validates a body once, then cuts it into parts without copying; `text`, `timestamp` and `error` read the
//!   parts leniently. What is optional and wrong is absent, never an error.
//! - `webhook`: the envelope and the routing: which change becomes which updates. The field decides.
//! - `message`, `status`, `account`, `contact`: the heads of updates, parsed at once, everything borrowed.
//! - `message::content` and `fields`: typed views of every message type and every field, parsed when asked for.
//! - `escape`: finds what Postgres cannot hold, so that one bad item does not cost its siblings.
//! - `isolate`: one update as a webhook of its own, to be retried, dead-lettered and replayed alone.
//!
//! Outbound, in reading order:
//!
//! - [`send`]: is a body known to be wrong? Each fault with its JSON pointer; what cannot be known passes.
//! - [`graph`]: what an answer means for the message, by the table of error codes; the codes in our own words.
//! - [`echo`]: our id in `biz_opaque_callback_data`, which settles what became of a message whose answer was lost.
//! - [`signature`]: `appsecret_proof` too.
//!
//! Unknown types, fields, statuses and words are kept with their raw JSON. No type here shows content in `Debug`.

mod account;
mod contact;
pub mod echo;
mod error;
mod escape;
mod fields;
pub mod graph;
mod isolate;
mod json;
mod message;
mod problem;
pub mod send;
pub mod signature;
mod status;
mod text;
mod timestamp;
mod webhook;

pub use account::Account;
pub use contact::{Contact, Customer};
pub use error::{Details, MetaError};
pub use escape::{Poison, find_poison};
pub use fields::*;
pub use json::Json;
pub use message::*;
pub use problem::ParseError;
pub use status::{Amount, Conversation, Origin, Payment, Pricing, Status, StatusDetails};
pub use text::{Text, Token};
pub use timestamp::Timestamp;
pub use webhook::{Change, Entry, Metadata, Update, UpdateBody, Webhook, parse};
