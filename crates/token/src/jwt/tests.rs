use std::time::{Duration, UNIX_EPOCH};

use uuid::Uuid;

use super::*;
use crate::{Scope, TTL};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const OTHER: &str = "fedcba9876543210fedcba9876543210";

fn tokens(secrets: &[&str]) -> Tokens {
    let secrets: Vec<_> = secrets.iter().map(|&s| SecretString::from(s)).collect();
    Tokens::new(&secrets).unwrap()
}

fn claims() -> Claims {
    let scope = Scope::Conversation {
        number: "106540352242922".to_owned(),
        contact: Uuid::from_u128(7),
    };
    Claims::new("agent", scope, TTL)
}

fn forged(header: &str, secret: &str, payload: &str) -> String {
    let signed = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(payload)
    );
    let mac = keyed(&SecretString::from(secret)).chain_update(&signed);
    let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    format!("{signed}.{signature}")
}

#[test]
fn what_is_issued_is_believed_until_its_time_is_up() {
    let tokens = tokens(&[SECRET]);
    let claims = claims();
    let token = tokens.issue(&claims);
    let just_before = claims.expires - Duration::from_millis(1);
    assert_eq!(tokens.verify(&token, just_before), Ok(claims.clone()));
    assert_eq!(tokens.verify(&token, claims.expires), Err(Refused::Expired));
}

#[test]
fn a_rotated_secret_is_believed_and_no_longer_signs() {
    let old = tokens(&[OTHER]);
    let both = tokens(&[SECRET, OTHER]);
    let now = SystemTime::now();
    assert!(both.verify(&old.issue(&claims()), now).is_ok());
    assert_eq!(
        old.verify(&both.issue(&claims()), now),
        Err(Refused::Invalid)
    );
}

#[test]
fn every_changed_byte_is_noticed() {
    let tokens = tokens(&[SECRET]);
    let token = tokens.issue(&claims());
    let now = SystemTime::now();
    for at in 0..token.len() {
        let mut bytes = token.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        assert!(tokens.verify(&changed, now).is_err(), "byte {at}");
        assert!(tokens.verify(&token[..at], now).is_err(), "cut at {at}");
    }
}

#[test]
fn other_algorithms_and_senseless_claims_are_refused_even_when_signed() {
    let tokens = tokens(&[SECRET]);
    let id = Uuid::from_u128(1);
    let good = format!(r#"{{"sub":"a","num":["1"],"exp":99999999999,"jti":"{id}"}}"#);
    let header = r#"{"alg":"HS256","typ":"JWT"}"#;
    assert!(
        tokens
            .verify(&forged(header, SECRET, &good), UNIX_EPOCH)
            .is_ok()
    );
    for (header, payload) in [
        (r#"{"alg":"none"}"#, good.as_str()),
        (r#"{"alg":"HS512"}"#, &good),
        ("{}", &good),
        (header, "{}"),
        (header, "[]"),
        (header, &good.replace(r#"["1"]"#, "[]")),
        (header, &good.replace("99999999999", "-1")),
        (header, &good.replace("99999999999", "18446744073709551615")),
    ] {
        let token = forged(header, SECRET, payload);
        assert_eq!(
            tokens.verify(&token, UNIX_EPOCH),
            Err(Refused::Invalid),
            "{header} {payload}"
        );
    }
}

#[test]
fn no_secret_shows() {
    assert!(!format!("{:?}", tokens(&[SECRET])).contains("0123"));
    assert!(Tokens::new(&[]).is_none());
}
