//! Signing, and believing.
//!
//! Written here and not taken from a crate: there is one algorithm, so nothing to choose by what the token says, which is
//! where such libraries went wrong; and those that offer HS256 bring RSA and curves with them.

use std::fmt;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha2::Sha256;

use crate::Claims;
use crate::claims::Written;

/// `{"alg":"HS256","typ":"JWT"}`
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

/// Longest token that is looked at: several times what we issue.
const LONGEST: usize = 8 << 10;

/// Signs tokens and checks them. Each secret is a keyed state, which is cheaper than keying anew each time.
#[derive(Clone)]
pub struct Tokens {
    signs: Hmac<Sha256>,
    others: Vec<Hmac<Sha256>>,
}

/// Why a token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is no token of ours, or somebody changed it.
    #[error("the token is not valid")]
    Invalid,
    /// It was good once.
    #[error("the token has expired; get a new one")]
    Expired,
}

/// All of a header that matters.
#[derive(Deserialize)]
struct Header {
    alg: String,
}

impl Tokens {
    /// With these secrets; `None` when there is none.
    pub fn new(secrets: &[SecretString]) -> Option<Self> {
        let mut keyed = secrets.iter().map(keyed);
        Some(Self {
            signs: keyed.next()?,
            others: keyed.collect(),
        })
    }

    /// Writes and signs a token.
    pub fn issue(&self, claims: &Claims) -> String {
        // A struct of strings and numbers always serialises.
        let payload = serde_json::to_vec(&Written::from(claims)).unwrap_or_default();
        let mut token = format!("{HEADER}.");
        URL_SAFE_NO_PAD.encode_string(payload, &mut token);
        let signature = self.signs.clone().chain_update(&token).finalize();
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature.into_bytes(), &mut token);
        token
    }

    /// Checks a token, and says what it says.
    ///
    /// # Errors
    /// When it is not ours, or its time is up.
    pub fn verify(&self, token: &str, now: SystemTime) -> Result<Claims, Refused> {
        let claims = self.read(token).ok_or(Refused::Invalid)?;
        match claims.expires > now {
            true => Ok(claims),
            false => Err(Refused::Expired),
        }
    }

    fn read(&self, token: &str) -> Option<Claims> {
        if token.len() > LONGEST {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        // The signature first: nothing is parsed that a stranger wrote. All secrets are tried in the same time.
        let fits = |state: &Hmac<Sha256>| {
            let state = state.clone().chain_update(signed);
            state.verify_slice(&signature).is_ok()
        };
        let others = self.others.iter();
        if !others.fold(fits(&self.signs), |found, state| fits(state) | found) {
            return None;
        }
        let header: Header = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
        if header.alg != "HS256" {
            return None;
        }
        let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
        serde_json::from_slice::<Written>(&payload).ok()?.claims()
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tokens({} secrets)", 1 + self.others.len())
    }
}

fn keyed(secret: &SecretString) -> Hmac<Sha256> {
    // HMAC takes a key of any length.
    #[expect(
        clippy::expect_used,
        reason = "the error of this type cannot occur for HMAC"
    )]
    Hmac::new_from_slice(secret.expose_secret().as_bytes()).expect("a key of any length")
}

#[cfg(test)]
mod tests;
