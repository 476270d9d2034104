//! `X-Hub-Signature-256`: HMAC-SHA256 of the raw body, keyed with the app secret.
//!
//! The bytes as received are what Meta signed (it escapes all non-ASCII before signing), so nothing may touch them
//! before this check. Source: Meta, "Create a webhook endpoint", validate payloads.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

const PREFIX: &[u8] = b"sha256=";

/// The app secrets that are valid now, each as a keyed HMAC state, which is cheaper than keying for every body.
///
/// Several may be live at once: while a secret is rotated, and when one endpoint serves several apps (the body does
/// not say which app it is for).
#[derive(Clone)]
pub struct AppSecrets(Vec<Hmac<Sha256>>);

/// Why the configured secrets are of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretsError {
    /// Nothing could ever be accepted.
    #[error("no app secret is given; set WHATSAPP_APP_SECRET to the secret of the Meta app")]
    None,
    /// Anyone can sign with an empty key.
    #[error("an app secret is empty; remove the stray comma or fill it in")]
    Empty,
}

/// Why a webhook is not believed. Asking again with the same bytes gives the same answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The header is absent.
    #[error("the header X-Hub-Signature-256 is missing")]
    Missing,
    /// The header is not `sha256=` and 64 hex digits.
    #[error("the header X-Hub-Signature-256 is not sha256= and 64 hex digits")]
    Malformed,
    /// No secret gives this signature.
    #[error("the signature fits none of the app secrets")]
    Mismatch,
}

impl AppSecrets {
    /// Keys one state a secret. Refuses an empty list and an empty secret.
    pub fn new(secrets: impl IntoIterator<Item = SecretString>) -> Result<Self, SecretsError> {
        let mut keyed = Vec::new();
        for secret in secrets {
            let bytes = secret.expose_secret().as_bytes();
            if bytes.is_empty() {
                return Err(SecretsError::Empty);
            }
            keyed.push(keyed_state(bytes));
        }
        if keyed.is_empty() {
            return Err(SecretsError::None);
        }
        Ok(Self(keyed))
    }

    /// Checks the header's value against the raw body. Every secret is tried and each comparison takes constant time.
    pub fn verify(&self, header: Option<&[u8]>, body: &[u8]) -> Result<(), SignatureError> {
        let given =
            decode(header.ok_or(SignatureError::Missing)?).ok_or(SignatureError::Malformed)?;
        let fits = |state: &Hmac<Sha256>| {
            state
                .clone()
                .chain_update(body)
                .verify_slice(&given)
                .is_ok()
        };
        // `fold` and not `any`: the time must not tell which secret fitted.
        match self
            .0
            .iter()
            .fold(false, |found, state| fits(state) | found)
        {
            true => Ok(()),
            false => Err(SignatureError::Mismatch),
        }
    }
}

impl fmt::Debug for AppSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AppSecrets({} secrets)", self.0.len())
    }
}

/// The header's value for a body: `sha256=` and 64 lower-case hex digits.
pub fn sign(secret: &[u8], body: &[u8]) -> String {
    let mut header = String::with_capacity(PREFIX.len() + 64);
    header.push_str("sha256=");
    push_hex(&mut header, secret, body);
    header
}

/// `appsecret_proof` of requests to the Graph API: shows that who sends the token also has the app's secret. Meta asks
/// for it where "Require App Secret" is on. Hex HMAC-SHA256 of the token, keyed with the secret.
pub fn appsecret_proof(app_secret: &SecretString, token: &SecretString) -> String {
    let mut proof = String::with_capacity(64);
    let secret = app_secret.expose_secret().as_bytes();
    push_hex(&mut proof, secret, token.expose_secret().as_bytes());
    proof
}

fn push_hex(text: &mut String, secret: &[u8], signed: &[u8]) {
    let digest = keyed_state(secret).chain_update(signed).finalize();
    for byte in digest.into_bytes() {
        text.extend(
            [byte >> 4, byte & 15]
                .map(|nibble| char::from(b"0123456789abcdef"[usize::from(nibble)])),
        );
    }
}

#[expect(
    clippy::expect_used,
    reason = "HMAC takes a key of any length; the error exists for other MACs"
)]
fn keyed_state(secret: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(secret).expect("HMAC takes a key of any length")
}

fn decode(header: &[u8]) -> Option<[u8; 32]> {
    let hex: &[u8; 64] = header.trim_ascii().strip_prefix(PREFIX)?.try_into().ok()?;
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(hex.chunks_exact(2)) {
        *byte = match pair {
            [high, low] => nibble(*high)? << 4 | nibble(*low)?,
            _ => return None,
        };
    }
    Some(bytes)
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{AppSecrets, SecretsError, SignatureError, appsecret_proof, sign};
    use secrecy::SecretString;

    const BODY: &[u8] = br#"{"object":"whatsapp_business_account","entry":[]}"#;
    const HEADER: &str = "sha256=dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756";

    fn secrets(list: &[&str]) -> AppSecrets {
        AppSecrets::new(list.iter().copied().map(SecretString::from)).unwrap()
    }

    #[test]
    fn the_known_vector() {
        assert_eq!(sign(b"test_app_secret", BODY), HEADER);
        assert_eq!(
            secrets(&["test_app_secret"]).verify(Some(HEADER.as_bytes()), BODY),
            Ok(())
        );
    }

    /// The value is from Python: `hmac.new(secret, token, hashlib.sha256).hexdigest()`.
    #[test]
    fn the_proof_of_the_app_secret() {
        let secret = SecretString::from("0123456789abcdef0123456789abcdef");
        let token = SecretString::from("EAAG-not-a-token");
        assert_eq!(
            appsecret_proof(&secret, &token),
            "03f5fb85360210d301cc33e91bfa46d925881f5c977abeb5d0c8c9aa7c72b913"
        );
    }

    #[test]
    fn any_of_several_secrets_and_upper_case_hex() {
        let rotated = secrets(&["newer", "test_app_secret", "other"]);
        let upper = HEADER.to_uppercase().replace("SHA256", "sha256");
        assert_eq!(rotated.verify(Some(upper.as_bytes()), BODY), Ok(()));
    }

    #[test]
    fn refusals_say_why() {
        let known = secrets(&["test_app_secret"]);
        assert_eq!(known.verify(None, BODY), Err(SignatureError::Missing));
        for header in [
            "",
            "sha256=",
            "sha1=dec6",
            &HEADER[..70],
            &format!("{HEADER}0"),
            &HEADER.replace('d', "g"),
        ] {
            assert_eq!(
                known.verify(Some(header.as_bytes()), BODY),
                Err(SignatureError::Malformed),
                "{header}"
            );
        }
        let other = secrets(&["another"]);
        assert_eq!(
            other.verify(Some(HEADER.as_bytes()), BODY),
            Err(SignatureError::Mismatch)
        );
        let mut changed = BODY.to_vec();
        changed.push(b' ');
        assert_eq!(
            known.verify(Some(HEADER.as_bytes()), &changed),
            Err(SignatureError::Mismatch)
        );
    }

    #[test]
    fn useless_secrets_are_refused_and_never_shown() {
        assert_eq!(AppSecrets::new([]).unwrap_err(), SecretsError::None);
        assert_eq!(
            AppSecrets::new([SecretString::from("")]).unwrap_err(),
            SecretsError::Empty
        );
        assert_eq!(format!("{:?}", secrets(&["hush"])), "AppSecrets(1 secrets)");
    }
}
