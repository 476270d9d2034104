//! What sending needs and nobody has configured: a key, and with `--sandbox` a fake Meta.

use std::fs::OpenOptions;
use std::io::Write;
use std::net::Ipv4Addr;
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

use anyhow::Context;
use tempfile::TempDir;
use waypost_ingress::send::new_key;
use waypost_sandbox::graph::Limits;
use waypost_sandbox::{Graph, GraphSettings, Retry, WebhookSettings};
use waypost_settings::ExposeSecret;

use super::given::given;
use super::options::{self, Options, random_word};
use super::services::bind;
use crate::overlay::Overlay;

/// Name of the key that is made for a run; the history shows it.
const KEY_NAME: &str = "waypost-up";

/// A file of keys that ends with the run.
pub(super) struct KeyFile {
    pub(super) path: String,
    _folder: TempDir,
}

impl KeyFile {
    /// Writes it where only its owner can read it.
    pub(super) fn write(name: &str, table: &str) -> anyhow::Result<Self> {
        let folder =
            tempfile::tempdir().context("no temporary folder for a key made for this run")?;
        let path = folder.path().join(name);
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut file| file.write_all(table.as_bytes()))
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self {
            path: path.to_string_lossy().into_owned(),
            _folder: folder,
        })
    }
}

/// Ends with the run.
pub(super) struct Sending {
    /// The key that was made.
    pub(super) key: Option<String>,
    pub(super) graph: Option<Graph>,
    /// The file of keys.
    _file: Option<KeyFile>,
}

impl Sending {
    /// Makes what is missing and tells the configuration.
    pub(super) async fn start(
        options: &Options,
        lookup: &mut Overlay<'_>,
        webhook_url: &str,
    ) -> anyhow::Result<Self> {
        let mut sending = Self {
            key: None,
            graph: None,
            _file: None,
        };
        if options.make_key {
            sending.make_key(lookup)?;
        }
        match &options.graph {
            options::Graph::Configured => {}
            options::Graph::Flag(url) => lookup.set("graph.url", url, "--graph-url"),
            options::Graph::Sandbox => {
                let graph = sandbox(options, lookup, webhook_url).await?;
                lookup.set("graph.url", graph.url(), "--sandbox");
                sending.graph = Some(graph);
            }
        }
        Ok(sending)
    }

    fn make_key(&mut self, lookup: &mut Overlay<'_>) -> anyhow::Result<()> {
        let made = new_key(KEY_NAME, &["*"])?;
        let file = KeyFile::write("send-keys.toml", &made.table)?;
        lookup.set("send.keys_file", &file.path, "a key made for this run");
        self.key = Some(made.key.expose_secret().to_owned());
        self._file = Some(file);
        Ok(())
    }

    pub(super) async fn stop(self) {
        if let Some(graph) = self.graph {
            graph.stop().await;
        }
    }
}

/// A fake Meta with Meta's limits, a token that only we know, and statuses that come back to our webhook.
async fn sandbox(
    options: &Options,
    lookup: &mut Overlay<'_>,
    webhook_url: &str,
) -> anyhow::Result<Graph> {
    anyhow::ensure!(
        webhook_url.starts_with("http://"),
        "--sandbox cannot send webhooks to a listener with TLS: take tls.certificate out of the configuration for this run"
    );
    let secret = match &options.app_secret {
        Some(made_up) => made_up.clone(),
        None => given(lookup, "whatsapp.app_secrets", true)?
            .and_then(|secrets| {
                secrets
                    .split(',')
                    .next()
                    .map(|first| first.trim().to_owned())
            })
            .unwrap_or_default(),
    };
    let token = random_word();
    let listener = bind((Ipv4Addr::LOCALHOST, 0).into(), "--sandbox").await?;
    let graph = Graph::start(
        listener,
        GraphSettings {
            tokens: vec![token.clone()],
            app_secret: Some(secret),
            limits: Some(Limits::meta()),
            latency: Duration::from_millis(5)..Duration::from_millis(30),
            webhooks: Some(WebhookSettings {
                retry: Retry::LikeMeta {
                    first: Duration::from_millis(500),
                    longest: Duration::from_secs(10),
                    give_up: Duration::from_secs(7 * 24 * 3_600),
                },
                ..WebhookSettings::to(webhook_url)
            }),
            ..GraphSettings::default()
        },
    )?;
    lookup.set("whatsapp.api_token", token, "--sandbox");
    Ok(graph)
}
