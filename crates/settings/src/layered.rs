//! Process environment over an optional TOML file.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::lookup::value_or_file;
use crate::{Found, Key, Lookup, Origin, SettingsError, file};

/// Names that begin like ours and are no settings: they name this very file, or steer builds and tests.
const NOT_SETTINGS: &[&str] = &[
    "WAYPOST_CONFIG",
    "WAYPOST_EXTRA_FIXTURES",
    "WAYPOST_SCHEMAS",
    // Where the commands of the admin plane ask, and with what.
    "WAYPOST_ADMIN",
    "WAYPOST_TOKEN",
    "WAYPOST_TOKEN_FILE",
];

/// The production lookup: environment over file.
pub struct Layered {
    environment: BTreeMap<String, OsString>,
    file: Option<(PathBuf, BTreeMap<String, String>)>,
}

impl Layered {
    /// Reads the process environment once, and the file `config_path` or, without one, the file that
    /// `WAYPOST_CONFIG` names.
    pub fn load(config_path: Option<&Path>) -> Result<Self, SettingsError> {
        let environment =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        Self::from_environment(environment, config_path)
    }

    /// The same over an environment that is handed in.
    pub fn from_environment<V: Into<OsString>>(
        environment: impl IntoIterator<Item = (String, V)>,
        config_path: Option<&Path>,
    ) -> Result<Self, SettingsError> {
        let environment: BTreeMap<String, OsString> = environment
            .into_iter()
            .map(|(n, v)| (n, v.into()))
            .collect();
        let path = config_path.map(Path::to_owned).or_else(|| {
            let named = environment.get("WAYPOST_CONFIG")?;
            (!named.is_empty()).then(|| PathBuf::from(named))
        });
        let file = match path {
            Some(path) => {
                let values = file::read(&path)?;
                Some((path, values))
            }
            None => None,
        };
        Ok(Self { environment, file })
    }

    fn variable(&self, key: &Key, name: &str) -> Result<Option<String>, SettingsError> {
        // A Service named `redis` makes Kubernetes set `REDIS_PORT=tcp://…`, which nobody meant for us.
        let value = self.environment.get(name);
        let Some(value) = value.filter(|value| !is_service_link(name, value)) else {
            return Ok(None);
        };
        match value.to_str() {
            Some(value) => Ok(Some(value.to_owned())),
            None => Err(SettingsError::Invalid {
                key: key.path.to_owned(),
                origin: Origin::Environment(name.to_owned()),
                reason: "the value is not UTF-8".to_owned(),
            }),
        }
    }
}

impl Lookup for Layered {
    fn find(&self, key: &Key) -> Result<Option<Found>, SettingsError> {
        let get = |name: &str| self.variable(key, name);
        let origin = |name: &str| Origin::Environment(name.to_owned());
        if let Some(found) = value_or_file(key, &key.env_name(), "_FILE", &get, &origin)? {
            return Ok(Some(found));
        }
        for alias in key.aliases {
            if let Some(found) = value_or_file(key, alias, "_FILE", &get, &origin)? {
                return Ok(Some(found));
            }
        }
        let Some((path, values)) = &self.file else {
            return Ok(None);
        };
        let get = |name: &str| Ok(values.get(name).cloned());
        let origin = |name: &str| Origin::File {
            path: path.clone(),
            key: name.to_owned(),
        };
        value_or_file(key, key.path, "_file", &get, &origin)
    }

    fn present(&self) -> Vec<String> {
        let variables = self
            .environment
            .iter()
            .filter(|(name, value)| {
                name.starts_with("WAYPOST_")
                    && !name.starts_with("WAYPOST_TEST_")
                    && !NOT_SETTINGS.contains(&name.as_str())
                    && !is_service_link(name, value)
            })
            .map(|(name, _)| name.clone());
        let keys = self
            .file
            .iter()
            .flat_map(|(_, values)| values.keys().cloned());
        variables.chain(keys).collect()
    }
}

// Only the names: the environment is full of other people's secrets.
impl fmt::Debug for Layered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Layered")
            .field("names", &self.present())
            .finish()
    }
}

/// Whether Kubernetes made this variable for a Service named `waypost-…`. It does so for every Service of the
/// namespace unless `enableServiceLinks` is off, and refusing to start over it would be absurd.
fn is_service_link(name: &str, value: &OsString) -> bool {
    if name.ends_with("_SERVICE_HOST") || name.contains("_SERVICE_PORT") {
        return true;
    }
    let is_address = value.to_str().is_some_and(|v| {
        ["tcp://", "udp://", "sctp://"]
            .iter()
            .any(|p| v.starts_with(p))
    });
    if name.ends_with("_PORT") && is_address {
        return true;
    }
    // `…_PORT_8080_TCP`, and the same with `_PORT`, `_PROTO` or `_ADDR` behind it.
    let Some((_, tail)) = name.split_once("_PORT_") else {
        return false;
    };
    let mut parts = tail.split('_');
    parts.next().is_some_and(|port| port.parse::<u16>().is_ok())
        && parts
            .next()
            .is_some_and(|protocol| matches!(protocol, "TCP" | "UDP" | "SCTP"))
}
