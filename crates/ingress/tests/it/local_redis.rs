//! A Redis of the test's own, that it may stop and start again.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::{Instant, sleep};
use waypost_queue::{Consumer, Envelope, Inbox, InboxSettings, Redis, RedisSettings, Reserved};

pub(crate) struct LocalRedis {
    dir: TempDir,
    port: u16,
    child: Option<Child>,
}

impl LocalRedis {
    /// A running Redis with an append-only file.
    pub(crate) async fn start() -> Self {
        let mut redis = Self::stopped();
        redis.resume().await;
        redis
    }

    /// One that has an address and does not run yet.
    pub(crate) fn stopped() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Self {
            dir: TempDir::new().unwrap(),
            port: listener.local_addr().unwrap().port(),
            child: None,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(crate) async fn resume(&mut self) {
        self.resume_with(&["--appendonly", "yes"]).await;
    }

    pub(crate) async fn resume_with(&mut self, arguments: &[&str]) {
        let child = Command::new("redis-server")
            .args([
                "--port",
                &self.port.to_string(),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
            ])
            .arg("--dir")
            .arg(self.dir.path())
            .args(arguments)
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server must be installed for this test");
        self.child = Some(child);
        let redis = self.client().await;
        eventually("Redis answers", || async { redis.ping().await.is_ok() }).await;
    }

    pub(crate) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    pub(crate) async fn client(&self) -> Redis {
        Redis::connect(&RedisSettings::for_url(&self.url()))
            .await
            .unwrap()
    }

    /// Entries waiting in the inbox.
    pub(crate) async fn waiting(&self) -> u64 {
        let inbox = Inbox::new(&self.client().await, 1);
        inbox.stats().await.map(|stats| stats.waiting).unwrap_or(0)
    }

    /// Takes everything out of the inbox.
    pub(crate) async fn take(&self) -> Vec<Envelope> {
        let redis = self.client().await;
        let consumer = Consumer::join(&redis, &InboxSettings::default(), 0)
            .await
            .unwrap();
        match consumer.reserve(10_000, 1 << 30).await.unwrap() {
            Reserved::Batch(batch) => batch
                .entries
                .into_iter()
                .map(|entry| entry.envelope.unwrap())
                .collect(),
            Reserved::Empty(_) | Reserved::Paused => Vec::new(),
        }
    }
}

impl Drop for LocalRedis {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Waits until the condition holds, and fails the test if it never does.
pub(crate) async fn eventually<F: Future<Output = bool>>(
    what: &str,
    mut condition: impl FnMut() -> F,
) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition().await {
        assert!(
            Instant::now() < deadline,
            "in 20 s it never came true that {what}"
        );
        sleep(Duration::from_millis(20)).await;
    }
}
