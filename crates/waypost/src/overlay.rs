//! Values that `waypost up` puts on top of the configuration: addresses of its children, generated secrets.

use std::collections::BTreeMap;

use waypost_settings::{Found, Key, Layered, Lookup, Origin, SettingsError};

/// A configuration with some keys replaced.
#[derive(Debug)]
pub(crate) struct Overlay<'a> {
    below: &'a Layered,
    values: BTreeMap<&'static str, (String, String)>,
}

impl<'a> Overlay<'a> {
    pub(crate) fn over(below: &'a Layered) -> Self {
        Self {
            below,
            values: BTreeMap::new(),
        }
    }

    /// Sets a key by its path; `by` says who does, for error messages.
    pub(crate) fn set(
        &mut self,
        path: &'static str,
        value: impl Into<String>,
        by: impl Into<String>,
    ) {
        self.values.insert(path, (value.into(), by.into()));
    }
}

impl Lookup for Overlay<'_> {
    fn find(&self, key: &Key) -> Result<Option<Found>, SettingsError> {
        match self.values.get(key.path) {
            Some((value, by)) => Ok(Some(Found {
                value: value.clone(),
                origin: Origin::Given(by.clone()),
            })),
            None => self.below.find(key),
        }
    }

    fn present(&self) -> Vec<String> {
        self.below.present()
    }
}
