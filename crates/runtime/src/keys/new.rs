//! Making a key.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::TryRngCore;
use rand::rngs::OsRng;
use toml::Table;
use waypost_settings::SecretString;

use super::digest::Digest;
use super::{Grant, Misfit, SHA256, check_name};

/// What all our keys begin with, so that scanners for leaked secrets know one when they see it.
const PREFIX: &str = "wpk_";

/// A key just made.
pub struct NewKey {
    /// The key, for whoever will show it. It is kept nowhere else.
    pub key: SecretString,
    /// The table for the file of keys, which holds the key's hash alone.
    pub table: String,
}

/// Why no key was made.
#[derive(Debug, thiserror::Error)]
pub enum KeyFault {
    /// The name or the grant cannot be used.
    #[error("{0}")]
    Wrong(String),
    /// The system gave no random bits.
    #[error("no random bits: {0}")]
    Random(#[from] rand::rand_core::OsError),
}

/// Makes a key of this name that may do this: the members of `G`, as they are to stand in the file.
///
/// # Errors
/// When the name or a member is none, or the system has no random bits.
pub fn new_key<G: Grant>(name: &str, grant: &Table) -> Result<NewKey, KeyFault> {
    check_name(name).map_err(KeyFault::Wrong)?;
    G::read(grant).map_err(|Misfit { member, want }| {
        KeyFault::Wrong(format!("the {member} of a key: want {want}"))
    })?;
    let mut random = [0; 32];
    OsRng.try_fill_bytes(&mut random)?;
    let key = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random));
    let digest = Digest::of(key.as_bytes()).hex();
    // A name with a dot would be two tables without the quotes.
    let table = format!("[\"{name}\"]\n{SHA256} = \"{digest}\"\n{grant}");
    Ok(NewKey {
        key: SecretString::from(key),
        table,
    })
}

/// Neither the key nor its hash.
impl fmt::Debug for NewKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewKey").finish_non_exhaustive()
    }
}
