//! The admin plane, checked by tools that we did not write; see `README.md` beside this crate for what they check.
//!
//! Here is only what starts them: [`Up`], a `waypost up` with a sandbox for Meta, [`python`], a script against it, and [`browser`],
//! the tests of the pages in `tests/browser`; both with a deadline.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code: a panic is how it reports"
)]

mod script;
mod up;

pub use script::{browser, python};
pub use up::Up;
