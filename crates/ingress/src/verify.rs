//! Who is asking: the verify token of the handshake, the signature of a webhook.

use http::{HeaderMap, HeaderName};
use subtle::ConstantTimeEq;
use waypost_settings::{ExposeSecret, SecretString};

use crate::answer::Answer;

const SIGNATURE: HeaderName = HeaderName::from_static("x-hub-signature-256");

/// Meta's handshake, made whenever the callback's address or token is changed in its dashboard. An address that
/// overrides the app's carries a token of its own, so several may be right at once.
/// Source: Meta, "Create a webhook endpoint", verification requests.
pub(crate) fn handshake(query: &str, tokens: &[SecretString]) -> Answer {
    let (mut mode, mut token, mut challenge) = (None, None, None);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "hub.mode" => mode = mode.or(Some(value)),
            "hub.verify_token" => token = token.or(Some(value)),
            "hub.challenge" => challenge = challenge.or(Some(value)),
            _ => {}
        }
    }
    let known = token.is_some_and(|token| is_known(token.as_bytes(), tokens));
    match challenge {
        _ if !known || mode.as_deref() != Some("subscribe") => Answer::Forbidden,
        Some(challenge) => Answer::Challenge(challenge.into_owned()),
        None => Answer::BadRequest,
    }
}

// All are compared, in constant time each, so that the time tells neither how much was right nor of which.
fn is_known(given: &[u8], tokens: &[SecretString]) -> bool {
    let equal = |token: &SecretString| bool::from(token.expose_secret().as_bytes().ct_eq(given));
    tokens
        .iter()
        .fold(false, |known, token| equal(token) | known)
}

/// The value of the signature header. Two of them are as good as none: somebody in between may look at the other.
pub(crate) fn signature(headers: &HeaderMap) -> Option<&[u8]> {
    let mut values = headers.get_all(SIGNATURE).iter();
    let value = values.next()?;
    values.next().is_none().then(|| value.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(query: &str) -> Answer {
        let tokens = ["old token", "n&w", "dé"].map(SecretString::from);
        handshake(query, &tokens)
    }

    #[test]
    fn every_configured_token_opens_and_the_challenge_comes_back_raw() {
        for token in ["old+token", "old%20token", "n%26w", "d%C3%A9"] {
            let query =
                format!("hub.mode=subscribe&hub.challenge=a%3Cb%2B1&hub.verify_token={token}");
            assert_eq!(
                answer(&query),
                Answer::Challenge("a<b+1".to_owned()),
                "{token}"
            );
        }
    }

    #[test]
    fn anything_else_is_forbidden() {
        for query in [
            "",
            "hub.mode=subscribe&hub.challenge=1",
            "hub.mode=subscribe&hub.challenge=1&hub.verify_token=",
            "hub.mode=subscribe&hub.challenge=1&hub.verify_token=old%20toke",
            "hub.mode=subscribe&hub.challenge=1&hub.verify_token=wrong&hub.verify_token=n%26w",
            "hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=n%26w",
            "hub.challenge=1&hub.verify_token=n%26w",
            "hub_mode=subscribe&hub_challenge=1&hub_verify_token=n%26w",
        ] {
            assert_eq!(answer(query), Answer::Forbidden, "{query}");
        }
        assert_eq!(
            handshake("hub.mode=subscribe&hub.challenge=1&hub.verify_token=", &[]),
            Answer::Forbidden
        );
    }

    #[test]
    fn a_right_token_without_a_challenge_is_a_bad_request() {
        assert_eq!(
            answer("hub.mode=subscribe&hub.verify_token=n%26w"),
            Answer::BadRequest
        );
    }

    #[test]
    fn two_signature_headers_are_none() {
        let mut headers = HeaderMap::new();
        assert_eq!(signature(&headers), None);
        headers.append(SIGNATURE, "a".parse().unwrap());
        assert_eq!(signature(&headers), Some(&b"a"[..]));
        headers.append(SIGNATURE, "a".parse().unwrap());
        assert_eq!(signature(&headers), None);
    }
}
