//! Follows the file of numbers while it changes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use crate::{NumbersFile, SettingsError};

/// How often the file is read. By content, because Kubernetes swaps links and keeps no times worth comparing.
const LOOK: Duration = Duration::from_secs(2);

/// The numbers in force. Clones are the same.
#[derive(Clone, Debug)]
pub struct Watched {
    current: watch::Receiver<Arc<NumbersFile>>,
}

/// Reads the file again and again, for the [`Watched`] that came with it.
#[derive(Debug)]
pub struct Keeper {
    path: Option<PathBuf>,
    current: watch::Sender<Arc<NumbersFile>>,
    /// The fault that was warned of, so that it is told once and not every two seconds.
    told: Option<String>,
}

impl Watched {
    /// Reads the file; without a path there are no numbers, ever. Somebody must run the keeper.
    ///
    /// # Errors
    /// When the file cannot be read or is wrong: at the start there is no good one to stay with.
    pub fn open(path: Option<&Path>) -> Result<(Self, Keeper), SettingsError> {
        let numbers = match path {
            Some(path) => NumbersFile::load(path)?,
            None => NumbersFile::default(),
        };
        let (sender, receiver) = watch::channel(Arc::new(numbers));
        let keeper = Keeper {
            path: path.map(Path::to_owned),
            current: sender,
            told: None,
        };
        Ok((Self { current: receiver }, keeper))
    }

    /// Numbers that never change, for programs and tests that have no file.
    pub fn fixed(numbers: NumbersFile) -> Self {
        let (_, current) = watch::channel(Arc::new(numbers));
        Self { current }
    }

    /// The numbers now.
    pub fn current(&self) -> Arc<NumbersFile> {
        Arc::clone(&self.current.borrow())
    }

    /// Waits until they are others than at the last call; forever when they can't change.
    pub async fn changed(&mut self) -> Arc<NumbersFile> {
        if self.current.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        Arc::clone(&self.current.borrow_and_update())
    }
}

impl Keeper {
    /// Looks every two seconds until nobody watches any more. A file that is away or wrong changes nothing: the
    /// last good one stays in force, and a warning names the fault.
    pub async fn run(mut self) {
        let mut ticks = tokio::time::interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let closed = async {
                tokio::select! {
                    _ = ticks.tick() => false,
                    () = self.current.closed() => true,
                }
            };
            if closed.await {
                return;
            }
            self.look().await;
        }
    }

    /// Looks once. Whether the numbers in force have changed.
    pub async fn look(&mut self) -> bool {
        let Some(path) = self.path.clone() else {
            return false;
        };
        match read(&path).await {
            Ok(numbers) => {
                if self.told.take().is_some() {
                    tracing::info!("the file of numbers is in order again");
                }
                self.put(numbers)
            }
            Err(error) => {
                let fault = error.to_string();
                if self.told.as_ref() != Some(&fault) {
                    tracing::warn!("numbers.file is not taken, the last good one stays: {fault}");
                    self.told = Some(fault);
                }
                false
            }
        }
    }

    fn put(&self, numbers: NumbersFile) -> bool {
        let changed = self.current.send_if_modified(|current| {
            let changed = **current != numbers;
            if changed {
                *current = Arc::new(numbers);
            }
            changed
        });
        if changed {
            tracing::info!(
                numbers = self.current.borrow().len(),
                "the file of numbers has changed"
            );
        }
        changed
    }
}

async fn read(path: &Path) -> Result<NumbersFile, SettingsError> {
    let text = tokio::fs::read_to_string(path)
        .await
        .map_err(|source| SettingsError::File {
            path: path.to_owned(),
            source,
        })?;
    NumbersFile::parse(path, &text)
}
