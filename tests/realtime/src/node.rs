use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::OnceCell;

use crate::{Item, Record};

/// How long packages may take to come, the first time.
const INSTALL: Duration = Duration::from_secs(300);
/// How long a program may take to end when it is told to.
const END: Duration = Duration::from_secs(20);

/// Clients that others wrote, in a program of this folder that runs in Node: told what to do by JSON in its only argument, it prints a
/// line of JSON for everything that a client is told (`client`, `name`, `data`), and ends when its input does.
#[derive(Debug)]
pub struct Node {
    script: &'static str,
    child: Child,
    /// Closed to end it.
    input: Option<ChildStdin>,
    records: Records,
    errors: Arc<Mutex<String>>,
}

type Records = Arc<Mutex<BTreeMap<String, Record>>>;

impl Node {
    /// Starts a program.
    ///
    /// # Panics
    /// When there is no Node, or its packages cannot be installed.
    pub async fn start(script: &'static str, config: &Value) -> Self {
        install().await;
        let mut child = Command::new("node")
            .arg(folder().join(script))
            .arg(config.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node");
        let (records, errors) = (Records::default(), Arc::default());
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut lines = output.lines();
        let notes = Arc::clone(&records);
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                note(&notes, &line);
            }
        });
        tokio::spawn(collect(
            child.stderr.take().expect("a pipe"),
            Arc::clone(&errors),
        ));
        Self {
            script,
            input: child.stdin.take(),
            child,
            records,
            errors,
        }
    }

    /// Looks at what one of its clients has been told so far.
    pub fn look<T>(&self, client: &str, look: impl FnOnce(&Record) -> T) -> T {
        look(lock(&self.records).entry(client.to_owned()).or_default())
    }

    /// Ends it; what each of its clients was told.
    ///
    /// # Panics
    /// When it does not end, or ends badly.
    pub async fn stop(mut self) -> BTreeMap<String, Record> {
        self.input = None;
        let ended = tokio::time::timeout(END, self.child.wait()).await;
        let ended = ended.unwrap_or_else(|_| panic!("{} did not end", self.script));
        let status = ended.expect("wait for a child");
        assert!(status.success(), "{}: {status}", self.script);
        lock(&self.records).clone()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("---- {} ----\n{}----", self.script, lock(&self.errors));
        }
    }
}

/// One line of a program.
fn note(records: &Records, line: &str) {
    let mut line: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
    let (client, name) = (line["client"].take(), line["name"].take());
    let (client, name) = (
        client.as_str().unwrap_or_default(),
        name.as_str().unwrap_or_default(),
    );
    let mut records = lock(records);
    let record = records.entry(client.to_owned()).or_default();
    match name {
        "open" => record.connects += 1,
        // Connections break in these tests, and polling may become a WebSocket.
        "error" | "upgrade" => {}
        "refused" => record.refusals.push(line["data"].to_string()),
        name => record.take(Item::named(name, line["data"].take())),
    }
}

/// Installs the packages, once.
async fn install() {
    // One at a time in this process: two that install into one folder would be in each other's way.
    static INSTALLED: OnceCell<()> = OnceCell::const_new();
    let run = async |script: &str| {
        let output = Command::new(folder().join(script))
            .kill_on_drop(true)
            .output();
        let output = tokio::time::timeout(INSTALL, output).await;
        let output = output.unwrap_or_else(|_| panic!("{script} did not end within {INSTALL:?}"));
        let output = output.unwrap_or_else(|error| panic!("{script}: {error}"));
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{script}: {errors}");
    };
    INSTALLED
        .get_or_init(|| async {
            run("install.sh").await;
            run("../browser/run.sh").await;
        })
        .await;
}

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

async fn collect(mut from: impl tokio::io::AsyncRead + Unpin, to: Arc<Mutex<String>>) {
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        lock(&to).push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
