//! Clients of npm's socket.io-client, in a program that runs in Node.

use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::OnceCell;
use tokio::time::timeout;

use crate::common::PATIENCE;

/// `tests/realtime/client.mjs` with one client.
pub(crate) struct Node {
    lines: Lines<BufReader<ChildStdout>>,
    _child: Child,
    /// It ends with its input.
    _input: ChildStdin,
}

impl Node {
    /// Connects to `url` with these transports, and shows `token` (or one token after another) and maybe a position.
    pub(crate) async fn connect(url: &str, transports: &[&str], token: Value) -> Self {
        Self::resume(url, transports, token, None).await
    }

    pub(crate) async fn resume(
        url: &str,
        transports: &[&str],
        token: Value,
        position: Option<&str>,
    ) -> Self {
        install().await;
        let client = json!({
            "name": "it", "url": url, "transports": transports, "token": token, "position": position,
        });
        let mut child = Command::new("node")
            .arg(folder().join("client.mjs"))
            .arg(json!({ "clients": [client] }).to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node");
        let output = child.stdout.take().expect("a pipe");
        Self {
            lines: BufReader::new(output).lines(),
            _input: child.stdin.take().expect("a pipe"),
            _child: child,
        }
    }

    /// What it is told next: the name, and what goes with it.
    pub(crate) async fn next(&mut self) -> (String, Value) {
        let line = timeout(PATIENCE, self.lines.next_line()).await;
        let line = line.expect("something comes").unwrap().expect("it goes on");
        let mut line: Value = serde_json::from_str(&line).unwrap();
        let name = line["name"].as_str().unwrap().to_owned();
        (name, line["data"].take())
    }

    /// The next that is neither about where it stands nor about the transport.
    pub(crate) async fn news(&mut self) -> (String, Value) {
        loop {
            let (name, data) = self.next().await;
            if !matches!(&*name, "position" | "upgrade") {
                return (name, data);
            }
        }
    }

    /// Waits until it is connected; over which transport.
    pub(crate) async fn opened(&mut self) -> String {
        let (name, data) = self.news().await;
        assert_eq!(name, "open", "{data}");
        data["transport"].as_str().unwrap().to_owned()
    }

    /// Waits until it is connected over a WebSocket, from the beginning or after a while. Nothing may have happened yet.
    pub(crate) async fn upgraded(&mut self) {
        let (mut open, mut websocket) = (false, false);
        while !open || !websocket {
            let (name, data) = self.next().await;
            assert!(matches!(&*name, "open" | "upgrade" | "position"), "{data}");
            open |= name == "open";
            websocket |= data["transport"] == "websocket";
        }
    }

    /// The numbers of the next `count` events.
    pub(crate) async fn numbers(&mut self, count: usize) -> Vec<u64> {
        let mut numbers = Vec::new();
        while numbers.len() < count {
            let (name, data) = self.news().await;
            assert_eq!(name, "message", "{data} after {numbers:?}");
            numbers.push(data["data"]["n"].as_u64().unwrap());
        }
        numbers
    }
}

async fn install() {
    static INSTALLED: OnceCell<()> = OnceCell::const_new();
    let install = async || {
        let output = Command::new(folder().join("install.sh")).output().await;
        let output = output.expect("tests/realtime/install.sh");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
    };
    INSTALLED.get_or_init(install).await;
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/realtime"))
}
