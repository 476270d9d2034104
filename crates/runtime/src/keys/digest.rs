//! The hash of a key.

use std::fmt::Write;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;
use toml::Value;

/// Plain SHA-256 is right here: a key holds 256 random bits, so there is nothing to guess that a slow hash would
/// protect, and this runs for every request. It has no `Debug`, so that no log can show it.
#[derive(PartialEq, Eq)]
pub(super) struct Digest([u8; 32]);

impl Digest {
    pub(super) fn of(token: &[u8]) -> Self {
        Self(Sha256::digest(token).into())
    }

    /// Compares in a time that tells nothing.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }

    pub(super) fn hex(&self) -> String {
        self.0.iter().fold(String::new(), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    pub(super) fn read(value: &Value) -> Option<Self> {
        let text = value.as_str()?;
        // `from_str_radix` would take a sign too.
        if text.len() != 64 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        let mut digest = [0; 32];
        for (byte, pair) in digest.iter_mut().zip(text.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(digest))
    }
}
