//! A running `waypost up`.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use waypost_harness::services::APP_SECRET;
use waypost_harness::{Client, Process, eventually_some};

pub(crate) const SOON: Duration = Duration::from_secs(40);

/// A running `waypost up`.
pub(crate) struct Up {
    pub(crate) process: Process,
    pub(crate) ready_file: PathBuf,
    pub(crate) ready: Value,
}

impl Up {
    pub(crate) async fn start(folder: &Path, args: &[&str], env: &[(&str, &str)]) -> Self {
        let ready_file = folder.join("ready.json");
        let file = ready_file.display().to_string();
        let args = [&["up", "--ready-file", &file], args].concat();
        let mut process = spawn(&args, env);
        let ready = eventually_some(SOON, "up is ready", async || {
            assert!(process.is_running(), "up ended early");
            let text = std::fs::read_to_string(&ready_file).ok()?;
            // It appears whole or not at all; one with another pid is from a run that was killed.
            let ready: Value = serde_json::from_str(&text).unwrap();
            (ready["pid"] == process.pid()).then_some(ready)
        })
        .await;
        Self {
            process,
            ready_file,
            ready,
        }
    }

    pub(crate) fn text(&self, member: &str) -> &str {
        self.ready[member]
            .as_str()
            .unwrap_or_else(|| panic!("no {member} in {}", self.ready))
    }

    pub(crate) fn port(&self, member: &str) -> u16 {
        let url = self.text(member);
        url.rsplit(':')
            .next()
            .unwrap()
            .split('/')
            .next()
            .unwrap()
            .parse()
            .unwrap()
    }

    pub(crate) fn client(&self) -> Client {
        let address = SocketAddr::from(([127, 0, 0, 1], self.port("webhook_url")));
        Client::new(
            address,
            self.ready["app_secret"].as_str().unwrap_or(APP_SECRET),
        )
    }

    pub(crate) async fn rows(&self) -> i64 {
        self.count("SELECT count(*) FROM messages").await
    }

    pub(crate) async fn count(&self, query: &str) -> i64 {
        let (client, connection) =
            tokio_postgres::connect(self.text("database_url"), tokio_postgres::NoTls)
                .await
                .unwrap();
        tokio::spawn(connection);
        client.query_one(query, &[]).await.unwrap().get(0)
    }

    pub(crate) async fn stop(mut self) {
        self.process.signal("INT");
        let status = self.process.wait().await;
        assert!(status.success(), "{status}");
        assert!(!self.ready_file.exists(), "the ready file outlived up");
    }
}

pub(crate) fn spawn(args: &[&str], env: &[(&str, &str)]) -> Process {
    Process::spawn_program(Path::new(env!("CARGO_BIN_EXE_waypost")), args, env)
}

pub(crate) fn is_free(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_ok()
}

pub(crate) fn webhook(wamid: &str) -> String {
    format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"1","changes":[{{"field":"messages","value":{{
        "messaging_product":"whatsapp","metadata":{{"display_phone_number":"1","phone_number_id":"2"}},
        "messages":[{{"from":"15550001","id":"{wamid}","timestamp":"1764000000","type":"text","text":{{"body":"{wamid}"}}}}]}}}}]}}]}}"#
    )
}

/// A folder that Postgres' account can enter too, when the tests run as root.
pub(crate) fn folder() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
    dir
}
