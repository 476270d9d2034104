//! The commands against the real thing: `waypost up` with its fake Meta.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout};
use waypost_harness::proxy::Proxy;
use waypost_harness::{Client, Process, eventually, eventually_some};

use crate::program::{Desk, Run, SOON};

/// Redis, Postgres and everything else have to start.
const UP: Duration = Duration::from_secs(120);

const NUMBER: &str = "106540352242922";

/// `waypost up`, and the commands that reach it.
struct Real {
    desk: Desk,
    address: String,
    token: String,
    ready: Value,
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
            ready,
            up,
        }
    }

    fn socket(&self, url: &str) -> SocketAddr {
        let url: http::Uri = self.ready[url].as_str().unwrap().parse().unwrap();
        url.authority().unwrap().as_str().parse().unwrap()
    }

    /// `waypost tail`, with what it says on lines.
    fn tail(&self, arguments: &[&str]) -> (Child, Lines<BufReader<ChildStdout>>) {
        let environment = [
            ("WAYPOST_ADMIN", &*self.address),
            ("WAYPOST_TOKEN", &*self.token),
        ];
        let arguments = [&["tail"], arguments].concat();
        let mut command = self.desk.command(&arguments, &environment);
        let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut tail = piped.spawn().unwrap();
        let lines = BufReader::new(tail.stdout.take().unwrap()).lines();
        (tail, lines)
    }

    /// Somebody writes to the business.
    async fn receive(&self, text: &str) {
        let value = json!({
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "15550000000", "phone_number_id": NUMBER},
            "contacts": [{"profile": {"name": "Ada"}, "wa_id": "15550001234"}],
            "messages": [{
                "from": "15550001234", "id": format!("wamid.{text}"), "timestamp": "1764000000", "type": "text",
                "text": {"body": text},
            }],
        });
        let webhook = json!({
            "object": "whatsapp_business_account",
            "entry": [{"id": "1", "changes": [{"field": "messages", "value": value}]}],
        });
        let secret = self.ready["app_secret"].as_str().unwrap();
        let meta = Client::new(self.socket("webhook_url"), secret);
        assert_eq!(meta.post(webhook.to_string()).await.unwrap(), 200);
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

/// The next line, which has to come.
async fn next(lines: &mut Lines<BufReader<ChildStdout>>) -> String {
    let line = tokio::time::timeout(SOON, lines.next_line()).await;
    line.expect("a line in time").unwrap().expect("a line")
}

#[tokio::test]
async fn a_tail_hears_of_everything_through_a_network_that_breaks() {
    let mut real = Real::up().await;
    real.receive("One").await;
    let seen = ["--after", "0", "--limit", "1", "--text", "--number", NUMBER];
    let (_tail, mut lines) = real.tail(&seen);
    let line = next(&mut lines).await;
    assert!(
        line.contains(NUMBER) && line.ends_with("  in text: One"),
        "{line}"
    );
    assert!(!line.contains("15550001234"), "{line}");

    let proxy = Proxy::to(real.socket("realtime_url")).await;
    let url = format!("http://{}", proxy.address());
    let wished = [
        "--json",
        "--kind",
        "message",
        "--after",
        "0",
        "--limit",
        "3",
        "--realtime-url",
        &url,
    ];
    let (tail, mut lines) = real.tail(&wished);
    let mut heard = vec![next(&mut lines).await];
    proxy.cut();
    real.receive("Two").await;
    let sent = real.send("Three").await;
    real.story_has(&sent, "sent and read").await;
    proxy.heal();
    heard.push(next(&mut lines).await);
    heard.push(next(&mut lines).await);
    let said: Vec<Value> = heard
        .iter()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["data"]["message"]["text"]["body"].clone()
        })
        .collect();
    assert_eq!(said, ["One", "Two", "Three"]);
    let output = tokio::time::timeout(SOON, tail.wait_with_output()).await;
    let output = output.expect("it has had enough").unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        output.status.success() && error.contains("; going on after "),
        "{error}"
    );
    assert_eq!(lines.next_line().await.unwrap(), None);
    real.up.signal("INT");
    assert!(real.up.wait().await.success());
}
