//! A file of bearer keys: a table for each, by name, with the key's hash and what it may do.
//!
//! ```toml
//! [backend]
//! sha256 = "…"                    # of the key, in hex
//! numbers = ["106540352242922"]   # what it may do: the members of a Grant
//! ```
//!
//! What a key may do differs between services, and is a [`Grant`]. In reading order: this file, `grant`; `numbers`: a grant that
//! several services have; `digest`;
//! `ring`: all keys of a file, and which of them a caller shows; `watch`: the file while it changes; `new`: making a
//! key; `bearer`: the key in a request.

mod bearer;
mod digest;
mod grant;
mod new;
mod numbers;
mod ring;
mod watch;

use std::fmt;

use toml::Value;

pub use bearer::bearer;
use digest::Digest;
pub use grant::{Grant, Misfit};
pub use new::{KeyFault, NewKey, new_key};
pub use numbers::{Numbers, is_number};
pub use ring::KeyRing;
pub use watch::{KeyKeeper, Keys};

/// The member that every key has; the others are the grant's.
const SHA256: &str = "sha256";

/// One key. The key itself is not known here, and its hash is not shown.
#[derive(PartialEq, Eq)]
pub struct Key<G> {
    /// What it is called.
    pub name: String,
    /// What it may do.
    pub grant: G,
    digest: Digest,
}

impl<G: Grant> Key<G> {
    fn read(name: &str, value: &Value) -> Result<Self, String> {
        check_name(name)?;
        let Value::Table(table) = value else {
            return Err(format!("`{name}`: want a table, written [{name}]"));
        };
        let known = |key: &str| key == SHA256 || G::MEMBERS.contains(&key);
        if let Some(other) = table.keys().find(|key| !known(key)) {
            let wanted = G::MEMBERS.join(", ");
            return Err(format!(
                "`{name}.{other}` is not known; want {SHA256}, {wanted}"
            ));
        }
        let digest = table.get(SHA256).and_then(Digest::read);
        Ok(Self {
            name: name.to_owned(),
            digest: digest
                .ok_or_else(|| format!("`{name}.{SHA256}`: want 64 hexadecimal digits"))?,
            grant: G::read(table)
                .map_err(|Misfit { member, want }| format!("`{name}.{member}`: want {want}"))?,
        })
    }
}

impl<G: fmt::Debug> fmt::Debug for Key<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("name", &self.name)
            .field("grant", &self.grant)
            .finish_non_exhaustive()
    }
}

/// A name goes into histories and logs, and may stand in keys of Redis.
fn check_name(name: &str) -> Result<(), String> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if (1..=64).contains(&name.len()) && name.bytes().all(good) {
        return Ok(());
    }
    Err("the name of a key: want 1 to 64 letters, digits, `-`, `_` and `.`".to_owned())
}

#[cfg(test)]
mod tests;
