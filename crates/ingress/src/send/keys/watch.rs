//! Follows the file of keys while it changes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use waypost_settings::SettingsError;

use super::KeyRing;

/// How often the file is read. By content: Kubernetes swaps links, and keeps no times worth comparing.
const LOOK: Duration = Duration::from_secs(2);

/// The keys in force. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    current: watch::Receiver<Arc<KeyRing>>,
}

/// Reads the file again and again, for the [`Keys`] that came with it.
#[derive(Debug)]
pub(crate) struct KeyKeeper {
    path: PathBuf,
    current: watch::Sender<Arc<KeyRing>>,
    /// The fault that was warned of, so that it is told once and not every two seconds.
    told: Option<String>,
}

impl Keys {
    /// Reads the file. Somebody must run the keeper.
    ///
    /// # Errors
    /// When the file cannot be read or is wrong: at the start there is no good one to stay with.
    pub(crate) fn open(path: &Path) -> Result<(Self, KeyKeeper), SettingsError> {
        let text = std::fs::read_to_string(path).map_err(|source| file(path, source))?;
        let (sender, current) = watch::channel(Arc::new(KeyRing::parse(path, &text)?));
        let keeper = KeyKeeper {
            path: path.to_owned(),
            current: sender,
            told: None,
        };
        Ok((Self { current }, keeper))
    }

    /// The keys now.
    pub(crate) fn current(&self) -> Arc<KeyRing> {
        Arc::clone(&self.current.borrow())
    }
}

impl KeyKeeper {
    /// Looks every two seconds until nobody asks any more. A file that is away or wrong changes nothing: the last
    /// good one stays in force, and a warning names the fault.
    pub(crate) async fn run(mut self) {
        let mut ticks = interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = self.current.closed() => return,
            }
            self.look().await;
        }
    }

    async fn look(&mut self) {
        match read(&self.path).await {
            Ok(ring) => self.put(ring),
            Err(error) => self.tell(error.to_string()),
        }
    }

    fn put(&mut self, ring: KeyRing) {
        if self.told.take().is_some() {
            tracing::info!("the file of keys is in order again");
        }
        let keys = ring.len();
        let changed = self.current.send_if_modified(|current| {
            let changed = **current != ring;
            if changed {
                *current = Arc::new(ring);
            }
            changed
        });
        if changed {
            tracing::info!(keys, "the file of keys has changed");
        }
    }

    fn tell(&mut self, fault: String) {
        if self.told.as_ref() != Some(&fault) {
            tracing::warn!("send.keys_file is not taken, the last good one stays: {fault}");
            self.told = Some(fault);
        }
    }
}

async fn read(path: &Path) -> Result<KeyRing, SettingsError> {
    let text = tokio::fs::read_to_string(path)
        .await
        .map_err(|source| file(path, source))?;
    KeyRing::parse(path, &text)
}

fn file(path: &Path, source: std::io::Error) -> SettingsError {
    SettingsError::File {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use tempfile::NamedTempFile;

    use super::*;
    use crate::send::new_key;

    #[tokio::test]
    async fn a_file_that_is_wrong_or_away_leaves_the_last_good_one_in_force() {
        let file = NamedTempFile::new().unwrap();
        let path = file.path().to_owned();
        let write = |text: &str| std::fs::write(&path, text).unwrap();
        let (one, two) = (new_key("one", &["1"]), new_key("two", &["*"]));
        let (one, two) = (one.unwrap().table, two.unwrap().table);
        write(&one);
        let (keys, mut keeper) = Keys::open(file.path()).unwrap();
        let first = keys.current();
        // An empty file is one that somebody is just writing, rather than a wish to lock everyone out.
        for bad in ["[broken", "", "[a]\nnumbers = []"] {
            write(bad);
            keeper.look().await;
            assert!(Arc::ptr_eq(&keys.current(), &first), "{bad}");
            assert!(keeper.told.is_some());
        }
        write(&format!("{one}\n{two}"));
        keeper.look().await;
        assert_eq!(keys.current().len(), 2);
        assert!(keeper.told.is_none());
        let second = keys.current();
        file.close().unwrap();
        keeper.look().await;
        assert!(Arc::ptr_eq(&keys.current(), &second));
    }
}
