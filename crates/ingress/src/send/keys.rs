//! The file of bearer keys: who may send, and from which numbers.
//!
//! ```toml
//! [backend]
//! sha256 = "…"                    # of the key, in hex
//! numbers = ["106540352242922"]   # phone_number_ids, or "*"
//! ```

mod new;
mod watch;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use toml::{Table, Value};
use waypost_settings::SettingsError;

pub use new::{KeyFault, NewKey, new_key};
pub(crate) use watch::Keys;

/// One key. The key itself is not known here.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) name: String,
    digest: [u8; 32],
    numbers: Numbers,
}

#[derive(Debug, PartialEq, Eq)]
enum Numbers {
    All,
    These(BTreeSet<String>),
}

/// All keys of one file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct KeyRing {
    keys: Vec<Arc<Key>>,
}

impl Key {
    /// Whether it may send from this number.
    pub(crate) fn may_use(&self, phone_number_id: &str) -> bool {
        match &self.numbers {
            Numbers::All => true,
            Numbers::These(numbers) => numbers.contains(phone_number_id),
        }
    }

    fn read(name: &str, value: &Value) -> Result<Self, String> {
        check_name(name)?;
        let Value::Table(table) = value else {
            return Err(format!("`{name}`: want a table, written [{name}]"));
        };
        if let Some(other) = table
            .keys()
            .find(|key| *key != "sha256" && *key != "numbers")
        {
            return Err(format!(
                "`{name}.{other}` is not known; want sha256, numbers"
            ));
        }
        Ok(Self {
            name: name.to_owned(),
            digest: digest(table)
                .ok_or_else(|| format!("`{name}.sha256`: want 64 hexadecimal digits"))?,
            numbers: numbers(table).ok_or_else(|| {
                format!("`{name}.numbers`: want a list of phone_number_ids (digits), or [\"*\"]")
            })?,
        })
    }
}

impl KeyRing {
    /// Checks what the file says; `path` is for messages, which never quote a value.
    pub(crate) fn parse(path: &Path, text: &str) -> Result<Self, SettingsError> {
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
        let mut keys: Vec<Arc<Key>> = Vec::new();
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

    /// The key that a caller shows.
    ///
    /// Plain SHA-256 is right here: a key holds 256 random bits, so there is nothing to guess that a slow hash would
    /// protect, and this runs for every request. All are compared, in constant time each.
    pub(crate) fn find(&self, token: &[u8]) -> Option<Arc<Key>> {
        let digest: [u8; 32] = Sha256::digest(token).into();
        let mut found = None;
        for key in &self.keys {
            if bool::from(key.digest.ct_eq(&digest)) {
                found = Some(key);
            }
        }
        found.map(Arc::clone)
    }

    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }
}

/// A name goes into the history and into logs, and stands before idempotency keys.
fn check_name(name: &str) -> Result<(), String> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if (1..=64).contains(&name.len()) && name.bytes().all(good) {
        return Ok(());
    }
    Err("the name of a key: want 1 to 64 letters, digits, `-`, `_` and `.`".to_owned())
}

fn digest(table: &Table) -> Option<[u8; 32]> {
    let text = table.get("sha256")?.as_str()?;
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut digest = [0; 32];
    for (byte, pair) in digest.iter_mut().zip(text.as_bytes().chunks(2)) {
        let pair = std::str::from_utf8(pair).ok()?;
        // `from_str_radix` would take a sign too.
        if !pair.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(digest)
}

fn numbers(table: &Table) -> Option<Numbers> {
    let mut these = BTreeSet::new();
    let mut all = false;
    for item in table.get("numbers")?.as_array()? {
        match item.as_str()? {
            "*" => all = true,
            id if is_number(id) => _ = these.insert(id.to_owned()),
            _ => return None,
        }
    }
    match all {
        true => Some(Numbers::All),
        false if these.is_empty() => None,
        false => Some(Numbers::These(these)),
    }
}

/// Whether it looks like a `phone_number_id`.
pub(crate) fn is_number(id: &str) -> bool {
    (1..=32).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests;
