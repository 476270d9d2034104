//! The writing thread: group fsync.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use waypost_queue::Envelope;

use super::directory::{Directory, Segment};
use super::record::{self, MAGIC};
use super::{NotSpooled, SpoolError, failed};

/// A segment is closed when it is larger than this: small enough to be read whole for the replay.
const SEGMENT_BYTES: u64 = 16 << 20;
/// Bytes in one write.
const GROUP_BYTES: usize = 4 << 20;

/// What the thread is asked.
pub(super) enum Command {
    Append {
        envelope: Envelope,
        answer: oneshot::Sender<Result<(), NotSpooled>>,
    },
    Seal {
        done: oneshot::Sender<()>,
    },
}

pub(super) struct Writer {
    directory: Arc<Directory>,
    max_bytes: u64,
    open: Option<OpenSegment>,
}

struct OpenSegment {
    path: PathBuf,
    file: File,
    /// Bytes of it that are on disk and answered for.
    bytes: u64,
    /// How many webhooks that are.
    records: u64,
}

impl Writer {
    pub(super) fn new(directory: Arc<Directory>, max_bytes: u64) -> Self {
        Self {
            directory,
            max_bytes,
            open: None,
        }
    }

    /// Runs until nobody can ask any more.
    pub(super) fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        while let Some(command) = commands.blocking_recv() {
            let (mut group, mut waiting, mut sealing) = (Vec::new(), Vec::new(), Vec::new());
            let mut command = Some(command);
            while let Some(next) = command {
                match next {
                    Command::Append { envelope, answer } if self.fits(group.len(), &envelope) => {
                        record::write(&mut group, &envelope);
                        waiting.push(answer);
                    }
                    Command::Append { answer, .. } => {
                        let _ = answer.send(Err(NotSpooled));
                    }
                    Command::Seal { done } => sealing.push(done),
                }
                command = match group.len() < GROUP_BYTES {
                    true => commands.try_recv().ok(),
                    false => None,
                };
            }
            let answer = self.write(&group, waiting.len() as u64);
            for waiting in waiting {
                // Nobody listening means that the sender has gone; the webhook is kept all the same.
                let _ = waiting.send(answer);
            }
            let is_full = self
                .open
                .as_ref()
                .is_some_and(|open| open.bytes >= SEGMENT_BYTES);
            if is_full || !sealing.is_empty() {
                self.seal();
            }
            for done in sealing {
                let _ = done.send(());
            }
        }
        self.seal();
    }

    fn fits(&self, group: usize, envelope: &Envelope) -> bool {
        let more = (group + record::size(envelope)) as u64;
        let fits = self.directory.used() + more <= self.max_bytes;
        if !fits && group == 0 {
            tracing::warn!(
                limit = self.max_bytes,
                "the spool is full (spool.max_bytes)"
            );
        }
        fits
    }

    fn write(&mut self, group: &[u8], records: u64) -> Result<(), NotSpooled> {
        if group.is_empty() {
            return Ok(());
        }
        self.try_write(group, records).map_err(|error| {
            tracing::error!("{error}");
            // What of it reached the disk is not known, and after a failed fsync asking again proves nothing.
            self.abandon();
            NotSpooled
        })
    }

    fn try_write(&mut self, group: &[u8], records: u64) -> Result<(), SpoolError> {
        if self.open.is_none() {
            let (path, mut file) = self.directory.create()?;
            file.write_all(MAGIC).map_err(failed("write", &path))?;
            let bytes = MAGIC.len() as u64;
            self.directory.add_used(bytes, 0);
            self.open = Some(OpenSegment {
                path,
                file,
                bytes,
                records: 0,
            });
        }
        let Some(open) = &mut self.open else {
            return Ok(());
        };
        let written = open
            .file
            .write_all(group)
            .and_then(|()| open.file.sync_data());
        written.map_err(failed("write", &open.path))?;
        open.bytes += group.len() as u64;
        open.records += records;
        self.directory.add_used(group.len() as u64, records);
        Ok(())
    }

    /// Cuts the segment back to what was answered for, and leaves it.
    fn abandon(&mut self) {
        let Some(open) = &self.open else { return };
        let cut: io::Result<()> = open
            .file
            .set_len(open.bytes)
            .and_then(|()| open.file.sync_data());
        if let Err(error) = cut {
            // Then webhooks that were answered 503 may be replayed, as if Meta had sent them again.
            tracing::warn!("spool: cannot cut back {}: {error}", open.path.display());
        }
        self.seal();
    }

    fn seal(&mut self) {
        if let Some(open) = self.open.take() {
            self.directory.seal(Segment {
                path: open.path,
                bytes: open.bytes,
                records: open.records,
            });
        }
    }
}
