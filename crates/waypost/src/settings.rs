//! The configuration as every command loads it.

use std::path::Path;

use waypost_settings::{Key, Layered, Lookup, SettingsError, refuse_unknown};

use crate::keys;

/// Environment over file; names that no part of Waypost reads are refused.
pub(crate) fn load(file: Option<&Path>) -> Result<Layered, SettingsError> {
    let lookup = Layered::load(file)?;
    refuse_unknown(&lookup, &keys::all())?;
    Ok(lookup)
}

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
