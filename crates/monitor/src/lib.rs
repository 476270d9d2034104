//! The admin plane: gRPC, HTTP/JSON over the same code, and the dashboard.
//!
//! What the operator asks at night, and what he changes. There is one implementation, the gRPC services; everything else
//! leads to it:
//!
//! ```text
//! listener ─▶ front ─┬─ application/grpc ──────────▶ guard ─▶ services ─▶ Redis, Postgres
//!                    ├─ /v1, /api ─▶ gateway ──────────┘
//!                    └─ / ─▶ ui
//! ```
//!
//! In reading order: `config`; `front`, which parts the three; `guard`: whose token it is and what he may; `gateway` and
//! `openapi`: HTTP/JSON as a transcoder, from what the protos say; `plane`: what all services share; `call`: the request of one
//! call, checked; `services`, one file for each, over `convert`; `confirm`: what must be confirmed before it is thrown away;
//! `audit`: who has changed what; `fault`: errors and their details; `observe`: what metrics and traces are told of calls;
//! `realtime_url`: where browsers get events. `run` has the order of start and stop.

mod audit;
mod call;
mod config;
mod confirm;
mod convert;
mod fault;
mod front;
mod gateway;
mod guard;
mod observe;
mod openapi;
mod plane;
mod realtime_url;
mod run;
mod services;
mod ui;

pub use config::{Config, KEYS, MonitorSettings};
pub use guard::new_token;
pub use openapi::openapi;
pub use realtime_url::RealtimeUrl;
pub use run::{Listeners, MonitorError, run};
