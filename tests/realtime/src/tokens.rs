//! Tokens, as our own services issue them, and others.

use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use uuid::Uuid;
use waypost_settings::SecretString;
use waypost_token::{Claims, Scope, Tokens};

/// What the services of these tests sign with.
pub const SECRET: &str = "a secret of tests with 32 bytes and more";

/// How long tokens of tests last unless it matters: longer than any test.
const TTL: Duration = Duration::from_secs(600);

/// A token for these numbers.
pub fn of_numbers(numbers: &[&str]) -> String {
    of(numbers_of(numbers))
}

/// A token for everything.
pub fn of_everything() -> String {
    of(Scope::Everything)
}

/// A token for one conversation.
///
/// # Panics
/// When the contact is none.
pub fn of_conversation(number: &str, contact: &str) -> String {
    of(Scope::Conversation {
        number: number.to_owned(),
        contact: contact.parse().expect("a contact's id"),
    })
}

/// A token for any scope.
pub fn of(scope: Scope) -> String {
    signed_with(SECRET, scope, TTL)
}

/// A token that ends so soon as nobody may order one.
///
/// # Panics
/// When the secret is none.
pub fn signed_with(secret: &str, scope: Scope, lasts: Duration) -> String {
    let claims = Claims {
        expires: SystemTime::now() + lasts,
        ..Claims::new("tests", scope, TTL)
    };
    signer(secret).issue(&claims)
}

/// A token whose time is up.
pub fn expired(number: &str) -> String {
    let claims = Claims {
        expires: SystemTime::now() - Duration::from_secs(1),
        ..Claims::new("tests", numbers_of(&[number]), TTL)
    };
    signer(SECRET).issue(&claims)
}

/// Everything that looks like a token for this number and is none, by what is wrong with it.
///
/// # Panics
/// Never: its own tokens have three parts.
pub fn forged(number: &str) -> Vec<(&'static str, String)> {
    let good = of_numbers(&[number]);
    let parts: Vec<&str> = good.split('.').collect();
    let [header, payload, signature] = parts[..] else {
        panic!("a token has three parts")
    };
    let none = encode(&json!({"alg": "none", "typ": "JWT"}));
    let mut claims: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64")).expect("JSON");
    claims["num"] = json!(["*"]);
    let more = encode(&claims);
    let other = "another secret of tests that is as long";
    let another = signed_with(other, numbers_of(&[number]), TTL);
    let swapped = if signature.starts_with('A') { 'B' } else { 'A' };
    vec![
        (
            "the signature of another",
            format!("{header}.{payload}.{swapped}{}", &signature[1..]),
        ),
        (
            "more than was signed",
            format!("{header}.{more}.{signature}"),
        ),
        ("no algorithm, no signature", format!("{none}.{payload}.")),
        (
            "no algorithm, a signature",
            format!("{none}.{payload}.{signature}"),
        ),
        ("another secret", another),
        ("a part cut off", format!("{header}.{payload}")),
        ("a byte cut off", good[..good.len() - 1].to_owned()),
        ("half of it", good[..good.len() / 2].to_owned()),
        ("not a token", "abc".to_owned()),
        ("nothing", String::new()),
    ]
}

/// The scope of these numbers.
pub fn numbers_of(numbers: &[&str]) -> Scope {
    Scope::Numbers {
        numbers: numbers.iter().map(|&number| number.to_owned()).collect(),
        account: None,
    }
}

/// A contact that nobody is.
pub fn nobody() -> String {
    Uuid::new_v4().to_string()
}

fn encode(json: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}

fn signer(secret: &str) -> Tokens {
    Tokens::new(&[SecretString::from(secret.to_owned())]).expect("a secret")
}
