//! The commands against the real thing: `waypost up` with its fake Meta.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use waypost_harness::{Process, eventually, eventually_some};

use crate::program::{Desk, Run, SOON};

/// Redis, Postgres and everything else have to start.
const UP: Duration = Duration::from_secs(120);

const NUMBER: &str = "106540352242922";

/// `waypost up`, and the commands that reach it.
struct Real {
    desk: Desk,
    address: String,
    token: String,
    up: Process,
}

impl Real {
    async fn up() -> Self {
        let desk = Desk::new().await;
        let file = desk.folder.path().join("ready.json");
        let arguments = [
            "up",
            "--ephemeral",
            "--sandbox",
            "--ready-file",
            file.to_str().unwrap(),
        ];
        let program = Path::new(env!("CARGO_BIN_EXE_waypost"));
        let up = Process::spawn_program(program, &arguments, &[]);
        let ready: Value = eventually_some(UP, "it is up", async || {
            serde_json::from_str(&std::fs::read_to_string(&file).ok()?).ok()
        })
        .await;
        let word = |name: &str| ready[name].as_str().unwrap().to_owned();
        Self {
            address: word("admin_grpc"),
            token: word("admin_token"),
            desk,
            up,
        }
    }

    async fn run(&self, arguments: &[&str]) -> Run {
        let environment = [
            ("WAYPOST_ADMIN", &*self.address),
            ("WAYPOST_TOKEN", &*self.token),
        ];
        self.desk.run_with(arguments, &environment).await
    }

    /// Sends a text and returns its id.
    async fn send(&self, text: &str) -> String {
        let sent = self
            .run(&[
                "send",
                "--json",
                "--from",
                NUMBER,
                "--to",
                "15550001234",
                text,
            ])
            .await;
        sent.well();
        sent.json()["id"].as_str().unwrap().to_owned()
    }

    /// Waits until the story of a message has these words.
    async fn story_has(&self, id: &str, words: &str) {
        eventually(SOON, words, async || {
            let story = self.run(&["message", "show", id]).await;
            story.code == Some(0) && story.out.contains(words)
        })
        .await;
    }
}

#[tokio::test]
async fn a_night_with_the_real_monitor() {
    let mut real = Real::up().await;
    let first = real.send("Hello").await;
    real.story_has(&first, "sent and read").await;

    // Why has it not left? Because somebody has paused it, and says why.
    real.run(&["pause", "--queue", "message", "--reason", "Meta is down"])
        .await
        .well();
    let second = real.send("Hello again").await;
    real.story_has(&second, "Meta is down").await;
    let stats = real.run(&["stats", "--numbers", "--consumers"]).await;
    assert!(stats.well().contains("message: paused by "), "{stats:?}");
    let json = real.run(&["stats", "--json"]).await.json();
    assert_eq!(json["message"]["waiting"], 1, "{json}");
    assert_eq!(json["message"]["completed"], 1, "{json}");

    let clear = real.run(&["clear", "--queue", "message", "--yes"]).await;
    assert!(clear.well().contains("and 1 message."), "{clear:?}");
    real.run(&["resume"]).await.well();
    real.story_has(&second, "dead (cleared)").await;

    let audit = real.run(&["audit", "--json"]).await.json();
    let methods: Vec<&str> = audit["entries"]
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .map(|entry| entry["method"].as_str().unwrap())
        .filter(|method| method.starts_with("QueueService."))
        .collect();
    assert!(methods.contains(&"QueueService.Clear"), "{methods:?}");
    assert_eq!(methods.first(), Some(&"QueueService.Pause"));
    assert_eq!(methods.last(), Some(&"QueueService.Resume"));
    real.run(&["message", "show", "01933b7e-5c00-7000-8000-000000000404"])
        .await
        .failed(3, "message");
    real.up.signal("INT");
    assert!(real.up.wait().await.success());
}
