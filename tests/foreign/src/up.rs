use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use waypost_harness::{Process, bin, eventually_some};

/// How long it may take until all of it runs.
const SOON: Duration = Duration::from_secs(60);

/// A `waypost up` with all of its own, and a sandbox for Meta. Killed when this value is dropped.
#[derive(Debug)]
pub struct Up {
    process: Process,
    ready_file: PathBuf,
    /// Holds the ready file.
    _folder: TempDir,
}

impl Up {
    /// Starts one and waits until all is ready.
    ///
    /// # Panics
    /// When it ends or is not ready in time.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ready_file = folder.path().join("ready.json");
        let file = ready_file.display().to_string();
        let args = ["up", "--ephemeral", "--sandbox", "--ready-file", &file];
        let mut process = Process::spawn_program(&bin("waypost"), &args, &[]);
        eventually_some(SOON, "up is ready", async || {
            assert!(process.is_running(), "up ended early");
            ready_file.exists().then_some(())
        })
        .await;
        Self {
            process,
            ready_file,
            _folder: folder,
        }
    }

    /// The file that says where its parts are, with their keys.
    pub fn ready_file(&self) -> &Path {
        &self.ready_file
    }

    /// Stops it, which must go well.
    ///
    /// # Panics
    /// When it does not.
    pub async fn stop(mut self) {
        self.process.signal("INT");
        let status = self.process.wait().await;
        assert!(status.success(), "{status}");
    }
}
