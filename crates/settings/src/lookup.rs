//! Who answers for a key.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::{Key, SettingsError};

/// A value as it was given, and by whom.
#[derive(Clone, PartialEq, Eq)]
pub struct Found {
    /// The text, not yet read as number or duration.
    pub value: String,
    /// Where it stood, for messages.
    pub origin: Origin,
}

/// Where a value stood.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// The key's own default.
    Default,
    /// Nobody set it and there is no default.
    Unset,
    /// An environment variable.
    Environment(String),
    /// A key of the configuration file.
    File {
        /// The configuration file.
        path: PathBuf,
        /// The key in it.
        key: String,
    },
    /// The content of a file that another setting names.
    Content {
        /// The file whose content is the value.
        path: PathBuf,
        /// The setting that named it.
        named_by: Box<Origin>,
    },
    /// Handed in by the program itself (tests, `waypost up`).
    Given(String),
}

/// Answers for keys. Process environment and file in production, a map in tests.
pub trait Lookup: Send + Sync {
    /// The value set for `key`, without its default.
    fn find(&self, key: &Key) -> Result<Option<Found>, SettingsError>;

    /// Every name that is set: dotted paths and `WAYPOST_…` variables, for [`refuse_unknown`](crate::refuse_unknown).
    fn present(&self) -> Vec<String>;
}

/// A lookup over a map, for tests and for programs that make their own settings. Names are dotted paths, or the
/// environment names of aliases.
#[derive(Clone, Default)]
pub struct MapLookup {
    values: BTreeMap<String, String>,
}

impl MapLookup {
    /// Adds or replaces one value.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.values.insert(name.into(), value.into());
        self
    }
}

impl<N: Into<String>, V: Into<String>, const S: usize> From<[(N, V); S]> for MapLookup {
    fn from(values: [(N, V); S]) -> Self {
        values.into_iter().collect()
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for MapLookup {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(values: I) -> Self {
        Self {
            values: values
                .into_iter()
                .map(|(n, v)| (n.into(), v.into()))
                .collect(),
        }
    }
}

impl Lookup for MapLookup {
    fn find(&self, key: &Key) -> Result<Option<Found>, SettingsError> {
        let get = |name: &str| Ok(self.values.get(name).cloned());
        let origin = |name: &str| Origin::Given(name.to_owned());
        if let Some(found) = value_or_file(key, key.path, "_file", &get, &origin)? {
            return Ok(Some(found));
        }
        for alias in key.aliases {
            if let Some(found) = value_or_file(key, alias, "_FILE", &get, &origin)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn present(&self) -> Vec<String> {
        self.values.keys().cloned().collect()
    }
}

/// One name of a key in one source: the value itself or, for a secret, the content of the file named under
/// `name + suffix`. Both at once is a contradiction, because either could be the stale one.
pub(crate) fn value_or_file(
    key: &Key,
    name: &str,
    suffix: &str,
    get: &dyn Fn(&str) -> Result<Option<String>, SettingsError>,
    origin: &dyn Fn(&str) -> Origin,
) -> Result<Option<Found>, SettingsError> {
    let direct = get(name)?.filter(|value| !value.is_empty());
    if !key.secret {
        return Ok(direct.map(|value| Found {
            value,
            origin: origin(name),
        }));
    }
    let file_name = format!("{name}{suffix}");
    let path = get(&file_name)?.filter(|value| !value.is_empty());
    match (direct, path) {
        (Some(_), Some(_)) => Err(SettingsError::Twice {
            name: name.to_owned(),
            file_name,
        }),
        (Some(value), None) => Ok(Some(Found {
            value,
            origin: origin(name),
        })),
        (None, Some(path)) => read_secret(key, Path::new(&path), origin(&file_name)).map(Some),
        (None, None) => Ok(None),
    }
}

fn read_secret(key: &Key, path: &Path, named_by: Origin) -> Result<Found, SettingsError> {
    let text = std::fs::read_to_string(path).map_err(|source| SettingsError::File {
        path: path.to_owned(),
        source,
    })?;
    let value = text.trim_end_matches(['\n', '\r']).to_owned();
    let origin = Origin::Content {
        path: path.to_owned(),
        named_by: Box::new(named_by),
    };
    if value.is_empty() {
        return Err(SettingsError::Invalid {
            key: key.path.to_owned(),
            origin,
            reason: "the file is empty".to_owned(),
        });
    }
    Ok(Found { value, origin })
}

// A value may be a secret, so it never shows in Debug output.
impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Found")
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for MapLookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Unset => f.write_str("not set"),
            Self::Environment(name) => write!(f, "environment variable {name}"),
            Self::File { path, key } => write!(f, "file {}, key {key}", path.display()),
            Self::Content { path, named_by } => {
                write!(f, "content of {}, named by {named_by}", path.display())
            }
            Self::Given(name) => write!(f, "given as {name}"),
        }
    }
}
