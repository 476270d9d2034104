//! `waypost sandbox`: runs alone, with and without the word `serve`, and ends in order.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

use std::path::Path;
use std::time::Duration;

use waypost_harness::{Client, Process, eventually_some};

/// Starts it on a free port and reads its address from the line it prints.
async fn start(arguments: &[&str]) -> (Process, Client) {
    let program = Path::new(env!("CARGO_BIN_EXE_waypost"));
    let process = Process::spawn_program(program, arguments, &[]);
    let address = eventually_some(
        Duration::from_secs(30),
        "it tells its address",
        async || {
            let log = process.log();
            let (_, rest) = log.split_once("fake Meta at http://")?;
            rest.split_whitespace().next()?.parse().ok()
        },
    )
    .await;
    (process, Client::new(address, ""))
}

#[tokio::test]
async fn it_serves_until_ctrl_c() {
    let folder = tempfile::tempdir().unwrap();
    let faults = folder.path().join("faults.json");
    std::fs::write(&faults, r#"[{"what": {"error": {"code": 131048}}}]"#).unwrap();
    let faults = faults.to_str().unwrap();
    let any_port = ["--listen", "127.0.0.1:0"];
    for start_of in [&["sandbox"][..], &["sandbox", "serve"][..]] {
        let rest = ["--number-limit", "80", "--pair-limits", "--faults", faults];
        let arguments = [start_of, &any_port, &rest].concat();
        let (mut process, client) = start(&arguments).await;
        let stats = client.get("/_sandbox/stats").await.unwrap();
        assert_eq!(stats.status, 200);
        let stats: serde_json::Value = serde_json::from_slice(&stats.body).unwrap();
        assert_eq!(stats["faults_acted"], serde_json::json!([0]));
        process.signal("INT");
        assert!(process.wait().await.success());
        assert!(process.log().contains("0 messages accepted"));
    }
}

#[test]
fn send_takes_its_secret_from_the_environment_as_before() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_waypost"))
        .args(["sandbox", "send", "--url", "ftp://h/"])
        .env("WHATSAPP_APP_SECRET", "s")
        .output()
        .unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("no address to send webhooks to"), "{error}");
}
