//! The ready file: tells whoever waits for us that all is there, and where. A smaller one beside the data tells the commands of the
//! admin plane where to ask.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Serialize;

use super::{Addresses, Options};

/// Its members. Later parts add theirs; none is ever renamed.
#[derive(Serialize)]
struct Content<'a> {
    /// Ours: tells whose file it is from one that a killed run left.
    pid: u32,
    webhook_url: &'a str,
    /// Where the send API is; its paths begin with `/v1`.
    send_url: &'a str,
    /// Where browsers get events: Socket.IO, and server-sent events at `/v1/events`.
    realtime_url: &'a str,
    /// Where a front end's server gets tokens for its browsers; its paths begin with `/v1`.
    realtime_tokens_url: &'a str,
    /// The Graph API that messages go to.
    graph_url: &'a str,
    redis_url: &'a str,
    database_url: &'a str,
    admin_urls: &'a [String],
    /// Only when made up by this run: who gave one knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    app_secret: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verify_token: Option<&'a str>,
    /// A bearer key of the send API, made for this run.
    #[serde(skip_serializing_if = "Option::is_none")]
    send_key: Option<&'a str>,
    /// A bearer key for realtime tokens, made for this run.
    #[serde(skip_serializing_if = "Option::is_none")]
    realtime_key: Option<&'a str>,
    #[serde(flatten)]
    plane: Plane<'a>,
}

/// Where the admin plane is: all that `waypost stats` and the like need.
#[derive(Serialize)]
struct Plane<'a> {
    /// HTTP and the dashboard.
    admin_url: &'a str,
    /// gRPC: host and port, as most clients want it.
    admin_grpc: &'a str,
    /// A bearer token of an admin, made for this run.
    #[serde(skip_serializing_if = "Option::is_none")]
    admin_token: Option<&'a str>,
}

/// A file that exists while all is ready. Removed when this value is dropped.
#[derive(Debug)]
pub(super) struct ReadyFile {
    path: PathBuf,
}

impl ReadyFile {
    /// Takes the place. A file left by a run that was killed goes, so that nobody takes it for ours.
    pub(super) fn at(path: &Path) -> anyhow::Result<Self> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error)
                .with_context(|| format!("cannot replace the ready file {}", path.display())),
            _ => Ok(Self {
                path: path.to_owned(),
            }),
        }
    }

    /// Says everything.
    pub(super) fn write(&self, addresses: &Addresses, options: &Options) -> anyhow::Result<()> {
        self.put(&Content {
            pid: std::process::id(),
            webhook_url: &addresses.webhook_url,
            send_url: &addresses.send_url,
            realtime_url: &addresses.realtime_url,
            realtime_tokens_url: &addresses.realtime_tokens_url,
            graph_url: &addresses.graph_url,
            redis_url: &addresses.redis_url,
            database_url: &addresses.database_url,
            admin_urls: &addresses.admin_urls,
            app_secret: options.app_secret.as_deref(),
            verify_token: options.verify_token.as_deref(),
            send_key: addresses.send_key.as_deref(),
            realtime_key: addresses.realtime_key.as_deref(),
            plane: plane(addresses),
        })
    }

    /// Says where the admin plane is.
    pub(super) fn write_plane(&self, addresses: &Addresses) -> anyhow::Result<()> {
        self.put(&plane(addresses))
    }

    /// Appears at once and whole: written beside its place and renamed. Only its owner may read it: it has passwords in it.
    fn put(&self, content: &impl Serialize) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(content)? + "\n";
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{}.tmp", std::process::id()));
        let beside = PathBuf::from(name);
        OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&beside)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .and_then(|()| fs::rename(&beside, &self.path))
            .with_context(|| format!("cannot write the ready file {}", self.path.display()))
    }
}

fn plane(addresses: &Addresses) -> Plane<'_> {
    Plane {
        admin_url: &addresses.admin_url,
        admin_grpc: &addresses.admin_grpc,
        admin_token: addresses.admin_token.as_deref(),
    }
}

impl Drop for ReadyFile {
    fn drop(&mut self) {
        // Gone already, or in a folder that is: either way it says nothing wrong any more.
        let _ = fs::remove_file(&self.path);
    }
}
