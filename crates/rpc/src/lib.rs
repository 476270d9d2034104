//! The admin plane's protocol: generated gRPC code, and what the protos say beyond it.
//!
//! `proto/waypost/v1` is the single source. From it come, in reading order:
//!
//! - [`v1`]: messages, servers and clients.
//! - [`schema`]: what the protos' own options say of each method: its role, whether it changes anything, its routes over HTTP.
//! - [`rules`]: what they say of each field, and the check of a request against it.
//! - [`json`]: the JSON of a message, one for the gateway, the command line and the dashboard.

pub mod json;
pub mod rules;
pub mod schema;

/// Generated from `proto/waypost/v1`.
pub mod v1 {
    #![allow(
        missing_docs,
        unreachable_pub,
        unused_qualifications,
        clippy::all,
        clippy::unwrap_used,
        clippy::large_futures,
        clippy::needless_pass_by_value,
        clippy::semicolon_if_nothing_returned,
        reason = "generated code; the proto files are the documentation"
    )]
    tonic::include_proto!("waypost.v1");
}

/// All files of the API with the comments, as a serialised `FileDescriptorSet`: for reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
