//! The secrets.

use secrecy::{ExposeSecret, SecretString};
use waypost_settings::{Key, Lookup, Reader, SettingsError};

/// Fewest bytes of a secret: as many as the digest has (RFC 7518, section 3.2).
pub const LEAST_SECRET: usize = 32;

/// What tokens are signed with.
#[derive(Clone, Debug, Default)]
pub struct TokenSettings {
    /// The first signs; all are believed, so that one can be rotated.
    pub secrets: Vec<SecretString>,
}

impl TokenSettings {
    /// The keys read here.
    pub const KEYS: &'static [Key] = &[Key::secret(
        "realtime.secrets",
        "Secrets that browsers' tokens are signed with, at least 32 bytes each, with commas between them. The first signs, all are believed: put a new one first to rotate. The same for every realtime service and monitor.",
    )];

    /// Reads the keys. No secret at all is no mistake here: whether one is needed is the service's to say.
    ///
    /// # Errors
    /// When a secret is too short.
    pub fn from_lookup(lookup: &dyn Lookup) -> Result<Self, SettingsError> {
        let read = Reader::new(lookup, Self::KEYS);
        let secrets = read.secrets("realtime.secrets")?;
        let short = |secret: &SecretString| secret.expose_secret().len() < LEAST_SECRET;
        if secrets.iter().any(short) {
            return Err(read.invalid(
                "realtime.secrets",
                "each secret must have at least 32 bytes; `openssl rand -base64 32` makes one",
            ));
        }
        Ok(Self { secrets })
    }
}

#[cfg(test)]
mod tests {
    use waypost_settings::MapLookup;

    use super::*;

    #[test]
    fn a_short_secret_is_refused_and_not_shown() {
        let long = "0123456789abcdef0123456789abcdef";
        let given = |value: String| MapLookup::from([("realtime.secrets", &*value)]);
        let two = TokenSettings::from_lookup(&given(format!("{long},{long}"))).unwrap();
        assert_eq!(two.secrets.len(), 2);
        let error = TokenSettings::from_lookup(&given(format!("{long},hunter2"))).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("32 bytes") && !text.contains("hunter2"),
            "{text}"
        );
    }
}
