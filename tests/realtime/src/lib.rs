//! Tests of the realtime service: none missed, nobody sees too much, nobody slows another, while things break.
//!
//! The tests are in `tests/it`, a file for each promise. Here is what they stand on, in reading order:
//!
//! - [`Site`]: the servers and settings of one test; [`Realtime`]: the service as a process that is killed and comes back;
//!   [`Switch`]: a load balancer before several.
//! - [`Item`]: what a client can be told. [`Sse`] and [`SocketIo`]: clients written after the standards, which read when they are asked
//!   to; [`Connection`]: either, for what must hold on both.
//! - [`Follower`]: a client that comes back by itself. [`Node`]: clients that others wrote, the package `socket.io-client` and
//!   Chromium's EventSource. [`Record`]: what a client was told, and whether that is all of it.
//! - [`tokens`]: good ones and bad ones. [`feed`]: webhooks that become events. [`Publisher`]: the stream itself.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "test code: a panic is how it reports"
)]

mod connection;
mod dial;
mod failed;
pub mod feed;
mod follower;
mod item;
mod node;
mod publisher;
mod realtime;
mod record;
mod site;
mod socket_io;
mod sse;
mod switch;
pub mod tokens;
mod websocket;

pub use connection::{Connection, SOON, Transport};
pub use dial::Dial;
pub use failed::Failed;
pub use follower::Follower;
pub use item::{Bye, Heard, Item, Resync};
pub use node::Node;
pub use publisher::{Publisher, message};
pub use realtime::{Realtime, steady_port};
pub use record::Record;
pub use site::Site;
pub use socket_io::SocketIo;
pub use sse::Sse;
pub use switch::Switch;
