//! What the configuration says of a key, and what it only would say by default.

use waypost_settings::{Key, Lookup, SettingsError};

use crate::keys;

/// What is set for a key under its own name or, with `aliases`, an older one; not its default.
pub(crate) fn given(
    lookup: &dyn Lookup,
    path: &str,
    aliases: bool,
) -> Result<Option<String>, SettingsError> {
    let Some(key) = key(path) else {
        return Err(SettingsError::Undeclared(path.to_owned()));
    };
    let key = if aliases { *key } else { key.alias(&[]) };
    Ok(lookup.find(&key)?.map(|found| found.value))
}

fn key(path: &str) -> Option<&'static Key> {
    keys::all()
        .into_iter()
        .flatten()
        .find(|key| key.path == path)
}
