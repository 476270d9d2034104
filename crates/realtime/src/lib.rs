//! Events in the browser: Socket.IO and server-sent events, none missed.
//!
//! Workers append events to a stream in Redis after the commit; every replica of this service reads all of it, once, and hands
//! each event to those of its clients that may see it. A client that was away says up to where it has come, and gets the rest first.
//! The way of an event, in reading order:
//!
//! 1. `hub`: the reader of the stream, the queues of the clients, their way from behind to live.
//! 2. `sse` and `socket`: the two transports. They encode, and go at the client's pace.
//! 3. `front`: which request this is; `cors`: whose page it comes from; `limits`: how many connections; `answer`: all else that
//!    is answered.
//!
//! Beside it, on a private listener: `tokens`, where a front end's server gets tokens for its browsers. Around all: `config`,
//! `app`, and `run`, where the order of start and stop stands.
//!
//! `docs/EVENTS.md` is the page for front-end developers.

mod answer;
mod app;
mod config;
mod cors;
mod front;
mod hub;
mod limits;
mod run;
mod socket;
mod sse;
mod tokens;

pub use config::{Config, KEYS, Origins};
pub use run::{Listeners, RealtimeError, run};
pub use tokens::new_key;
pub use waypost_runtime::keys::{KeyFault, NewKey};
