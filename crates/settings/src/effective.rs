//! What is in force, for `waypost config` and the start-up log.

use crate::reader::in_force;
use crate::{Key, Lookup, Origin, SettingsError};

/// What is shown in place of a secret. Its length says nothing about the secret's.
pub const MASK: &str = "********";

/// One key as it is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Dotted name.
    pub path: &'static str,
    /// The value, [`MASK`] for a secret, empty when not set.
    pub value: String,
    /// Who set it.
    pub origin: Origin,
    /// What the key is for.
    pub help: &'static str,
}

/// Every key of `keys` with its value in force, in the order declared.
pub fn effective(lookup: &dyn Lookup, keys: &[&'static [Key]]) -> Result<Vec<Row>, SettingsError> {
    let all = keys.iter().flat_map(|table| table.iter());
    all.map(|key| row(lookup, key)).collect()
}

fn row(lookup: &dyn Lookup, key: &'static Key) -> Result<Row, SettingsError> {
    let (value, origin) = match in_force(lookup, key)? {
        None => (String::new(), Origin::Unset),
        Some(found) if key.secret => (MASK.to_owned(), found.origin),
        Some(found) => (found.value, found.origin),
    };
    Ok(Row {
        path: key.path,
        value,
        origin,
        help: key.help,
    })
}
