//! All keys of one file.

use std::path::Path;
use std::sync::Arc;

use toml::Table;
use waypost_settings::SettingsError;

use super::digest::Digest;
use super::{Grant, Key};

/// All keys of one file.
#[derive(Debug, PartialEq, Eq)]
pub struct KeyRing<G> {
    keys: Vec<Arc<Key<G>>>,
}

/// One with no key, which opens nothing. No file makes such a one.
impl<G> Default for KeyRing<G> {
    fn default() -> Self {
        Self { keys: Vec::new() }
    }
}

impl<G: Grant> KeyRing<G> {
    /// Checks what the file says; `path` is for messages, which never quote a value.
    ///
    /// # Errors
    /// When it is no TOML, a table in it is wrong, two are the same key, or there is none.
    pub fn parse(path: &Path, text: &str) -> Result<Self, SettingsError> {
        let fault = |line, reason| SettingsError::Syntax {
            path: path.to_owned(),
            line,
            reason,
        };
        let table: Table = text.parse().map_err(|error: toml::de::Error| {
            let before = error.span().map_or(0, |span| span.start);
            let line = text.bytes().take(before).filter(|b| *b == b'\n').count() + 1;
            fault(line, error.message().to_owned())
        })?;
        let mut keys: Vec<Arc<Key<G>>> = Vec::new();
        for (name, value) in &table {
            let key = Key::read(name, value).map_err(|reason| fault(0, reason))?;
            if let Some(same) = keys.iter().find(|known| known.digest == key.digest) {
                let reason = format!("`{name}` and `{}` are the same key", same.name);
                return Err(fault(0, reason));
            }
            keys.push(Arc::new(key));
        }
        if keys.is_empty() {
            let reason = "it holds no key; `waypost key new` makes one";
            return Err(fault(0, reason.to_owned()));
        }
        Ok(Self { keys })
    }

    /// The key that a caller shows. All are compared, in constant time each.
    pub fn find(&self, token: &[u8]) -> Option<Arc<Key<G>>> {
        let digest = Digest::of(token);
        let mut found = None;
        for key in &self.keys {
            if key.digest.is(&digest) {
                found = Some(key);
            }
        }
        found.map(Arc::clone)
    }

    /// Whether a key found earlier is still here, and may still do the same.
    pub fn holds(&self, key: &Key<G>) -> bool {
        self.keys.iter().any(|known| **known == *key)
    }

    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }
}
