//! What a key may do.

use std::fmt::Debug;

use toml::Table;

/// What a key may do, as its table in the file says it.
pub trait Grant: Debug + Eq + Send + Sync + Sized + 'static {
    /// The members of the table that are read here; `sha256` beside them is not.
    const MEMBERS: &'static [&'static str];

    /// Reads them.
    ///
    /// # Errors
    /// When one is missing or wrong.
    fn read(table: &Table) -> Result<Self, Misfit>;
}

/// A member of a table that is missing or wrong. It cannot quote what stands there: that might be a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// Which one.
    pub member: &'static str,
    /// What it should be.
    pub want: &'static str,
}
