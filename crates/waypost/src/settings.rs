//! The configuration as every command loads it.

use std::path::Path;

use waypost_settings::{Layered, SettingsError, refuse_unknown};

use crate::keys;

/// Environment over file; names that no part of Waypost reads are refused.
pub(crate) fn load(file: Option<&Path>) -> Result<Layered, SettingsError> {
    let lookup = Layered::load(file)?;
    refuse_unknown(&lookup, &keys::all())?;
    Ok(lookup)
}
