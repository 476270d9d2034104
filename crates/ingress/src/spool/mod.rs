//! Webhooks on disk while Redis is away.
//!
//! The directory holds segments, numbered files of records (`record`), and a lock that keeps a second process out.
//! One thread writes (`writer`): the requests that wait at one moment share one write and one fsync, and each is
//! answered only after it. One task replays (`replay`): oldest segment first, each deleted when Redis has all of
//! it. A crash in between replays some webhooks twice, which the worker's dedup absorbs, and never loses one.

mod directory;
mod record;
mod replay;
mod writer;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use waypost_queue::Envelope;
use waypost_settings::{Key, Lookup, Reader, SettingsError};
use waypost_telemetry::metrics::{self, Observer, ingress};

use directory::Directory;
use writer::{Command, Writer};

pub(crate) use replay::replay;

/// Requests that may wait for the disk.
const WAITING: usize = 4096;

/// Where the spool is and how large it may become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpoolSettings {
    /// Its directory, one for each process; on a volume that outlives the container.
    pub dir: PathBuf,
    /// Bytes that it may take; beyond, webhooks are answered 503.
    pub max_bytes: u64,
}

/// Why the spool can't be used. Only [`SpoolError::Locked`] may go away by itself.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpoolError {
    /// Another process holds the directory.
    #[error("the spool directory {dir} is in use by another process; give each its own spool.dir")]
    Locked {
        /// The directory.
        dir: PathBuf,
    },
    /// The system refuses.
    #[error("spool: cannot {what} {path}: {source}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// On which file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

/// Why a webhook was not spooled: the spool is full, the disk failed, or too many wait for it. The writer has
/// logged which.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NotSpooled;

/// Puts webhooks into the spool.
#[derive(Clone)]
pub(crate) struct Spool {
    directory: Arc<Directory>,
    commands: mpsc::Sender<Command>,
}

/// The writing thread; it ends when the last [`Spool`] is dropped.
pub(crate) struct SpoolTask(JoinHandle<()>);

impl SpoolSettings {
    /// The keys of the section `[spool]`.
    pub const KEYS: &'static [Key] = &[
        Key::optional(
            "spool.dir",
            "Directory where webhooks are kept while Redis can't take them. Unset: they are answered 503 and Meta sends them again.",
        ),
        Key::new(
            "spool.max_bytes",
            "1GiB",
            "Bytes that the spool may take; beyond it, 503.",
        ),
    ];

    /// Reads the section; `None` without a directory.
    pub fn from_lookup(lookup: &dyn Lookup) -> Result<Option<Self>, SettingsError> {
        let reader = Reader::new(lookup, Self::KEYS);
        let max_bytes = reader.bytes("spool.max_bytes")?;
        // Below this not even one webhook of the largest size would fit.
        if max_bytes < 4 << 20 {
            return Err(reader.invalid("spool.max_bytes", "must be at least 4MiB"));
        }
        let dir = reader.opt_path("spool.dir")?;
        Ok(dir.map(|dir| Self { dir, max_bytes }))
    }
}

impl Spool {
    /// Locks the directory, finds what an earlier process left, and starts the writing thread.
    pub(crate) fn open(settings: &SpoolSettings) -> Result<(Self, SpoolTask), SpoolError> {
        let directory = Arc::new(Directory::open(&settings.dir)?);
        let (commands, receiver) = mpsc::channel(WAITING);
        let writer = Writer::new(Arc::clone(&directory), settings.max_bytes);
        let thread = tokio::task::spawn_blocking(move || writer.run(receiver));
        let spool = Self {
            directory,
            commands,
        };
        Ok((spool, SpoolTask(thread)))
    }

    /// Shows in the metrics what it holds, until that is dropped.
    pub(crate) fn observe(&self) -> Observer {
        // Weak, since the directory's lock lives as long as its last handle.
        let directory = Arc::downgrade(&self.directory);
        metrics::observe(move || {
            if let Some(directory) = directory.upgrade() {
                ingress::SPOOL_BYTES.set(directory.used() as f64);
                ingress::SPOOL_RECORDS.set(directory.records() as f64);
            }
        })
    }

    /// Returns when the webhook is on disk.
    pub(crate) async fn append(&self, envelope: Envelope) -> Result<(), NotSpooled> {
        let (answer, answered) = oneshot::channel();
        let command = Command::Append { envelope, answer };
        self.commands.try_send(command).map_err(|_| NotSpooled)?;
        answered.await.unwrap_or(Err(NotSpooled))
    }

    /// Closes the segment that is being written, so that it can be replayed.
    async fn seal(&self) {
        let (done, is_done) = oneshot::channel();
        if self.commands.send(Command::Seal { done }).await.is_ok() {
            // An error means that the writer is gone, and nothing is left to seal.
            let _ = is_done.await;
        }
    }
}

impl SpoolTask {
    /// Waits until what was asked for is written.
    pub(crate) async fn finished(self) {
        if self.0.await.is_err() {
            tracing::error!("the spool's writer ended by a panic");
        }
    }
}

fn failed(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> SpoolError {
    let path = path.to_owned();
    move |source| SpoolError::Io { what, path, source }
}

#[cfg(test)]
mod tests;
