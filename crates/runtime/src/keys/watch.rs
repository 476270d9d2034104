//! Follows the file of keys while it changes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use waypost_settings::SettingsError;

use super::{Grant, KeyRing};

/// How often the file is read. By content: Kubernetes swaps links, and keeps no times worth comparing.
const LOOK: Duration = Duration::from_secs(2);

/// The keys in force. Clones are the same.
#[derive(Debug)]
pub struct Keys<G> {
    current: watch::Receiver<Arc<KeyRing<G>>>,
}

/// Reads the file again and again, for the [`Keys`] that came with it.
#[derive(Debug)]
pub struct KeyKeeper<G> {
    path: PathBuf,
    /// The key of the configuration that names the file, for the log.
    setting: &'static str,
    current: watch::Sender<Arc<KeyRing<G>>>,
    /// The fault that was warned of, so that it is told once and not every two seconds.
    told: Option<String>,
}

impl<G: Grant> Keys<G> {
    /// Reads the file that `setting` of the configuration names. Somebody must run the keeper.
    ///
    /// # Errors
    /// When the file cannot be read or is wrong: at the start there is no good one to stay with.
    pub fn open(path: &Path, setting: &'static str) -> Result<(Self, KeyKeeper<G>), SettingsError> {
        let text = std::fs::read_to_string(path).map_err(|source| file(path, source))?;
        let (sender, current) = watch::channel(Arc::new(KeyRing::parse(path, &text)?));
        let keeper = KeyKeeper {
            path: path.to_owned(),
            setting,
            current: sender,
            told: None,
        };
        Ok((Self { current }, keeper))
    }

    /// The keys now.
    pub fn current(&self) -> Arc<KeyRing<G>> {
        Arc::clone(&self.current.borrow())
    }
}

impl<G> Clone for Keys<G> {
    fn clone(&self) -> Self {
        Self {
            current: self.current.clone(),
        }
    }
}

impl<G: Grant> KeyKeeper<G> {
    /// Looks every two seconds until nobody asks any more. A file that is away or wrong changes nothing: the last
    /// good one stays in force, and a warning names the fault.
    pub async fn run(mut self) {
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

    fn put(&mut self, ring: KeyRing<G>) {
        if self.told.take().is_some() {
            let setting = self.setting;
            tracing::info!("the file of {setting} is in order again");
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
            let setting = self.setting;
            tracing::info!(keys, "the file of {setting} has changed");
        }
    }

    fn tell(&mut self, fault: String) {
        if self.told.as_ref() != Some(&fault) {
            let setting = self.setting;
            tracing::warn!("{setting} is not taken, the last good one stays: {fault}");
            self.told = Some(fault);
        }
    }
}

async fn read<G: Grant>(path: &Path) -> Result<KeyRing<G>, SettingsError> {
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
    use crate::keys::tests::{Colour, made};

    #[tokio::test]
    async fn a_file_that_is_wrong_or_away_leaves_the_last_good_one_in_force() {
        let file = NamedTempFile::new().unwrap();
        let path = file.path().to_owned();
        let write = |text: &str| std::fs::write(&path, text).unwrap();
        let (one, two) = (made("one").table, made("two").table);
        write(&one);
        let (keys, mut keeper) = Keys::<Colour>::open(file.path(), "a.file").unwrap();
        let first = keys.current();
        // An empty file is one that somebody is just writing, rather than a wish to lock everyone out.
        for bad in ["[broken", "", "[a]\ncolour = 1"] {
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
