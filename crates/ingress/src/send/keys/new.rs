//! Making a key.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::TryRngCore;
use rand::rngs::OsRng;
use sha2::{Digest, Sha256};
use waypost_settings::SecretString;

use super::{check_name, is_number};

/// What all our keys begin with, so that scanners for leaked secrets know one when they see it.
const PREFIX: &str = "wpk_";

/// A key just made.
#[derive(Debug)]
pub struct NewKey {
    /// The key, for whoever will send with it. It is kept nowhere else.
    pub key: SecretString,
    /// The table for the file of keys, which holds the key's hash alone.
    pub table: String,
}

/// Why no key was made.
#[derive(Debug, thiserror::Error)]
pub enum KeyFault {
    /// The name or a number cannot be used.
    #[error("{0}")]
    Wrong(String),
    /// The system gave no random bits.
    #[error("no random bits: {0}")]
    Random(#[from] rand::rand_core::OsError),
}

/// Makes a key of this name that may use these numbers (`phone_number_id`, or `*` for all).
///
/// # Errors
/// When the name or a number is none, or the system has no random bits.
pub fn new_key(name: &str, numbers: &[impl AsRef<str>]) -> Result<NewKey, KeyFault> {
    check_name(name).map_err(KeyFault::Wrong)?;
    let numbers: Vec<&str> = numbers.iter().map(AsRef::as_ref).collect();
    if numbers.is_empty() || !numbers.iter().all(|id| *id == "*" || is_number(id)) {
        let reason = "the numbers of a key: want phone_number_ids (digits), or *";
        return Err(KeyFault::Wrong(reason.to_owned()));
    }
    let mut random = [0; 32];
    OsRng.try_fill_bytes(&mut random)?;
    let key = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random));
    let digest: String = Sha256::digest(&key)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let numbers: Vec<String> = numbers.iter().map(|id| format!("\"{id}\"")).collect();
    // A name with a dot would be two tables without the quotes.
    let table = format!(
        "[\"{name}\"]\nsha256 = \"{digest}\"\nnumbers = [{}]\n",
        numbers.join(", ")
    );
    Ok(NewKey {
        key: SecretString::from(key),
        table,
    })
}
