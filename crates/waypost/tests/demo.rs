//! `waypost demo`, small: every figure must be the expected one here too.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code"
)]

use std::process::Command;

#[test]
fn every_figure_of_the_demo_is_right() {
    let output = Command::new(env!("CARGO_BIN_EXE_waypost"))
        .args(["demo", "--count", "600", "--seed", "3"])
        // It must not care for what is configured for another purpose.
        .env("DATABASE_URL", "postgres://127.0.0.1:1/other")
        .env("WAYPOST_WORKER_ATTEMPTS", "1")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}\n{error}");
    assert!(
        text.contains("p99") && text.contains("OK") && !text.contains("MISMATCH"),
        "{text}"
    );
}
