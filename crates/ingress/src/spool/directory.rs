//! The directory: its lock, its segments, how much they hold.

use std::collections::VecDeque;
use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{SpoolError, failed, record};

const EXTENSION: &str = "spool";

/// A segment that is no longer written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
    pub(super) records: u64,
}

pub(super) struct Directory {
    path: PathBuf,
    /// Bytes in all segments.
    used: AtomicU64,
    /// Webhooks in all segments.
    records: AtomicU64,
    /// Oldest first.
    sealed: Mutex<VecDeque<Segment>>,
    next_number: AtomicU64,
    // Held for as long as the process lives; the kernel lets go of it when that ends, however it ends.
    _lock: File,
}

impl Directory {
    pub(super) fn open(path: &Path) -> Result<Self, SpoolError> {
        fs::create_dir_all(path).map_err(failed("create", path))?;
        let lock_path = path.join("lock");
        let lock = File::create(&lock_path).map_err(failed("create", &lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(SpoolError::Locked {
                    dir: path.to_owned(),
                });
            }
            Err(TryLockError::Error(error)) => return Err(failed("lock", &lock_path)(error)),
        }
        let mut sealed = Vec::new();
        let mut last = 0;
        for entry in fs::read_dir(path).map_err(failed("list", path))? {
            let entry = entry.map_err(failed("list", path))?;
            let path = entry.path();
            if let Some(number) = number(&path) {
                let bytes = entry.metadata().map_err(failed("look at", &path))?.len();
                let opened = File::open(&path).and_then(record::count);
                let records = opened.map_err(failed("read", &path))?;
                sealed.push(Segment {
                    path,
                    bytes,
                    records,
                });
                last = last.max(number);
            }
        }
        // Numbers have a fixed width, so names sort as they do.
        sealed.sort_by(|a, b| a.path.cmp(&b.path));
        let used = sealed.iter().map(|segment| segment.bytes).sum();
        let records = sealed.iter().map(|segment| segment.records).sum();
        if used > 0 {
            tracing::info!(
                bytes = used,
                records,
                segments = sealed.len(),
                "the spool holds webhooks of an earlier run"
            );
        }
        Ok(Self {
            path: path.to_owned(),
            used: AtomicU64::new(used),
            records: AtomicU64::new(records),
            sealed: Mutex::new(sealed.into()),
            next_number: AtomicU64::new(last + 1),
            _lock: lock,
        })
    }

    /// A new segment, whose name is on disk when this returns.
    pub(super) fn create(&self) -> Result<(PathBuf, File), SpoolError> {
        let number = self.next_number.fetch_add(1, Ordering::Relaxed);
        let path = self.path.join(format!("{number:016x}.{EXTENSION}"));
        let file = File::create_new(&path).map_err(failed("create", &path))?;
        self.sync()?;
        Ok((path, file))
    }

    pub(super) fn seal(&self, segment: Segment) {
        self.segments().push_back(segment);
    }

    pub(super) fn oldest(&self) -> Option<Segment> {
        self.segments().front().cloned()
    }

    /// Deletes the oldest segment, which is `segment`.
    pub(super) fn delete(&self, segment: &Segment) -> Result<(), SpoolError> {
        match fs::remove_file(&segment.path) {
            // Somebody was faster; what was wanted has happened.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            result => result.map_err(failed("delete", &segment.path))?,
        }
        self.segments().retain(|other| other != segment);
        self.used.fetch_sub(segment.bytes, Ordering::Relaxed);
        self.records.fetch_sub(segment.records, Ordering::Relaxed);
        self.sync()
    }

    pub(super) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    pub(super) fn records(&self) -> u64 {
        self.records.load(Ordering::Relaxed)
    }

    pub(super) fn add_used(&self, bytes: u64, records: u64) {
        self.used.fetch_add(bytes, Ordering::Relaxed);
        self.records.fetch_add(records, Ordering::Relaxed);
    }

    // Without it a crash may forget that a file was ever created.
    fn sync(&self) -> Result<(), SpoolError> {
        File::open(&self.path)
            .and_then(|directory| directory.sync_all())
            .map_err(failed("sync", &self.path))
    }

    fn segments(&self) -> MutexGuard<'_, VecDeque<Segment>> {
        self.sealed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn number(path: &Path) -> Option<u64> {
    let is_segment = path
        .extension()
        .is_some_and(|extension| extension == EXTENSION);
    let stem = path.file_stem().filter(|_| is_segment)?;
    u64::from_str_radix(stem.to_str()?, 16).ok()
}
