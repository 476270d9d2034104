//! The admin plane, checked by tools that we did not write; see `README.md` beside this crate for what they check.
//!
//! Here is only what starts them: [`Up`], a `waypost up` with a sandbox for Meta, and [`python`], a script against it, with a
//! deadline.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code: a panic is how it reports"
)]

mod python;
mod up;

pub use python::python;
pub use up::Up;
