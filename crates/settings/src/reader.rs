//! Typed access to the keys of one table.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use secrecy::SecretString;

use crate::{Found, Key, Lookup, Origin, SettingsError, parse};

type Result<T> = std::result::Result<T, SettingsError>;

/// Reads the keys of one table. A required key (no `opt_` in the method's name) has a default or is set, else
/// [`SettingsError::Missing`].
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    lookup: &'a dyn Lookup,
    keys: &'static [Key],
}

impl<'a> Reader<'a> {
    /// A reader for the keys of `keys`; asking it for any other is [`SettingsError::Undeclared`].
    pub fn new(lookup: &'a dyn Lookup, keys: &'static [Key]) -> Self {
        Self { lookup, keys }
    }

    /// Text.
    pub fn string(&self, path: &str) -> Result<String> {
        self.required(path).map(|(_, found)| found.value)
    }

    /// Text, if set.
    pub fn opt_string(&self, path: &str) -> Result<Option<String>> {
        Ok(self.found(path)?.1.map(|found| found.value))
    }

    /// A secret.
    pub fn secret(&self, path: &str) -> Result<SecretString> {
        self.string(path).map(SecretString::from)
    }

    /// A secret, if set.
    pub fn opt_secret(&self, path: &str) -> Result<Option<SecretString>> {
        Ok(self.opt_string(path)?.map(SecretString::from))
    }

    /// Several secrets with commas between them, for rotation; empty when not set.
    pub fn secrets(&self, path: &str) -> Result<Vec<SecretString>> {
        let value = self.opt_string(path)?.unwrap_or_default();
        Ok(parse::list(&value).map(SecretString::from).collect())
    }

    /// A comma list; empty when not set.
    pub fn list(&self, path: &str) -> Result<Vec<String>> {
        let value = self.opt_string(path)?.unwrap_or_default();
        Ok(parse::list(&value).map(str::to_owned).collect())
    }

    /// A whole number.
    pub fn u64(&self, path: &str) -> Result<u64> {
        self.number(path)
    }

    /// A whole number that counts things in memory.
    pub fn usize(&self, path: &str) -> Result<usize> {
        self.number(path)
    }

    /// A number of any type, `u32` or `f64` for example.
    pub fn number<T: FromStr<Err: fmt::Display>>(&self, path: &str) -> Result<T> {
        self.read(path, |text| {
            text.replace('_', "")
                .parse()
                .map_err(|error| format!("want a number: {error}"))
        })
    }

    /// `true` or `false` (`yes`, `on`, `1` and their opposites too).
    pub fn bool(&self, path: &str) -> Result<bool> {
        self.read(path, parse::boolean)
    }

    /// A duration with its unit: `250ms`, `10s`, `5m`, `2h`, `7d`.
    pub fn duration(&self, path: &str) -> Result<Duration> {
        self.read(path, parse::duration)
    }

    /// A size in bytes: `512`, `8KiB`, `3MiB`, `1GiB`.
    pub fn bytes(&self, path: &str) -> Result<u64> {
        self.read(path, parse::bytes)
    }

    /// A path, as given.
    pub fn path(&self, path: &str) -> Result<PathBuf> {
        self.string(path).map(PathBuf::from)
    }

    /// A path, if set.
    pub fn opt_path(&self, path: &str) -> Result<Option<PathBuf>> {
        Ok(self.opt_string(path)?.map(PathBuf::from))
    }

    /// An address to listen on: `0.0.0.0:8080`, `[::]:8080`.
    pub fn socket_addr(&self, path: &str) -> Result<SocketAddr> {
        self.read(path, address)
    }

    /// An address to listen on, if set.
    pub fn opt_socket_addr(&self, path: &str) -> Result<Option<SocketAddr>> {
        match self.found(path)? {
            (_, None) => Ok(None),
            (key, Some(found)) => convert(key, &found, address).map(Some),
        }
    }

    /// One of a few words.
    pub fn choice<T: Clone>(&self, path: &str, choices: &[(&str, T)]) -> Result<T> {
        self.read(path, |text| {
            let chosen = choices
                .iter()
                .find(|(word, _)| word.eq_ignore_ascii_case(text));
            chosen.map(|(_, value)| value.clone()).ok_or_else(|| {
                let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
                format!("want one of {}", words.join(", "))
            })
        })
    }

    /// An [`SettingsError::Invalid`] for a key of this table, for checks that the types above can't make.
    pub fn invalid(&self, path: &str, reason: impl Into<String>) -> SettingsError {
        let origin = match self.found(path) {
            Ok((_, found)) => found.map_or(Origin::Unset, |found| found.origin),
            Err(error) => return error,
        };
        SettingsError::Invalid {
            key: path.to_owned(),
            origin,
            reason: reason.into(),
        }
    }

    fn read<T>(
        &self,
        path: &str,
        parse: impl FnOnce(&str) -> std::result::Result<T, String>,
    ) -> Result<T> {
        let (key, found) = self.required(path)?;
        convert(key, &found, parse)
    }

    fn required(&self, path: &str) -> Result<(&'static Key, Found)> {
        let (key, found) = self.found(path)?;
        let found = found.ok_or_else(|| SettingsError::Missing {
            key: key.path,
            env: key.env_name(),
        })?;
        Ok((key, found))
    }

    /// The declaration and the value in force: set, else default, else none.
    fn found(&self, path: &str) -> Result<(&'static Key, Option<Found>)> {
        let key = self
            .keys
            .iter()
            .find(|key| key.path == path)
            .ok_or_else(|| SettingsError::Undeclared(path.to_owned()))?;
        Ok((key, in_force(self.lookup, key)?))
    }
}

/// What is set for the key, else its default.
pub(crate) fn in_force(lookup: &dyn Lookup, key: &Key) -> Result<Option<Found>> {
    let default = || {
        key.default.map(|value| Found {
            value: value.to_owned(),
            origin: Origin::Default,
        })
    };
    Ok(lookup.find(key)?.or_else(default))
}

fn address(text: &str) -> std::result::Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "want an IP address and a port, like 0.0.0.0:8080 or [::]:8080".to_owned())
}

fn convert<T>(
    key: &Key,
    found: &Found,
    parse: impl FnOnce(&str) -> std::result::Result<T, String>,
) -> Result<T> {
    parse(found.value.trim()).map_err(|reason| SettingsError::Invalid {
        key: key.path.to_owned(),
        origin: found.origin.clone(),
        // The wrong value helps whoever reads the message, and a secret's never may.
        reason: match key.secret {
            true => reason,
            false => format!("`{}`: {reason}", found.value),
        },
    })
}
