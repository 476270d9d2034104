//! `waypost demo`, small: every figure must be the expected one here too.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code"
)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use waypost_harness::{Client, Process, eventually, eventually_some};

#[test]
fn every_figure_of_the_demo_is_right() {
    let output = Command::new(env!("CARGO_BIN_EXE_waypost"))
        .args(["demo", "--count", "600", "--seed", "3"])
        // It must not care for what is configured for another purpose.
        .env("DATABASE_URL", "postgres://127.0.0.1:1/other")
        .env("WAYPOST_WORKER_ATTEMPTS", "1")
        // Nobody is there to end it, so it has to end by itself.
        .stdin(Stdio::null())
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

#[tokio::test]
async fn whoever_stays_has_an_inbox_to_look_at() {
    let program = Path::new(env!("CARGO_BIN_EXE_waypost"));
    let mut demo = Process::spawn_program(program, &["demo", "--count", "60", "--stay"], &[]);
    let within = Duration::from_secs(120);
    let link = eventually_some(within, "it says where the inbox is", async || {
        assert!(demo.is_running(), "{}", demo.log());
        let log = demo.log();
        let link = log.lines().find(|line| line.contains("/inbox#token="))?;
        Some(link.trim().to_owned())
    })
    .await;
    let (page, token) = link.split_once("#token=").unwrap();
    let page: http::Uri = page.parse().unwrap();
    let plane = Client::new(page.authority().unwrap().as_str().parse().unwrap(), "");
    assert_eq!(plane.get("/inbox").await.unwrap().status, 200);
    eventually(within, "people have written", async || {
        let listed = Command::new(program)
            .args(["message", "list", "--json", "--direction", "in"])
            .args(["--number", "106540352242922"])
            .env("WAYPOST_ADMIN", page.authority().unwrap().as_str())
            .env("WAYPOST_TOKEN", token)
            .output()
            .unwrap();
        let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
        listed["messages"].as_array().unwrap().len() >= 6
    })
    .await;
    demo.signal("INT");
    assert!(demo.wait().await.success(), "{}", demo.log());
    assert!(demo.log().contains("Every figure is what it must be."));
}
