//! What is asked of the desk.

use std::time::Duration;

use serde::Deserialize;
use uuid::Uuid;
use waypost_runtime::keys::Numbers;
use waypost_token::{Claims, LEAST_TTL, MOST_TTL, Scope, TTL};

use crate::answer::{Problem, sentence};

/// Longest subject: it goes into logs.
const LONGEST_SUBJECT: usize = 128;

/// The body of `POST /v1/realtime/tokens`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    /// One number: the short form of `numbers`.
    number: Option<String>,
    numbers: Option<Vec<String>>,
    contact: Option<Uuid>,
    account: Option<String>,
    ttl_seconds: Option<u64>,
    subject: Option<String>,
}

impl Ask {
    /// Reads the body.
    pub(super) fn read(body: &[u8]) -> Result<Self, Problem> {
        serde_json::from_slice(body).map_err(|error| {
            // Line and column, and what was expected; serde quotes names and kinds, and no text of more than a member's name.
            let place = format!("line {}, column {}", error.line(), error.column());
            let detail = match error.classify() {
                serde_json::error::Category::Data => {
                    "want an object with numbers (or number), and optionally contact, account, ttl_seconds, subject"
                }
                _ => "it is no JSON",
            };
            Problem::invalid(format!("The body, at {place}: {detail}."))
        })
    }

    /// The claims that a key with these numbers may have.
    pub(super) fn claims(self, key: &str, may: &Numbers) -> Result<Claims, Problem> {
        let numbers = match (self.number, self.numbers) {
            (Some(number), None) => vec![number],
            (None, numbers) => numbers.unwrap_or_default(),
            (Some(_), Some(_)) => {
                return Err(Problem::invalid("Give number or numbers, not both."));
            }
        };
        let account = self.account.is_some();
        let scope = Scope::new(numbers, self.contact, self.account)
            .map_err(|fault| Problem::invalid(sentence(&fault)))?;
        if !covers(may, &scope, account) {
            return Err(Problem::new(
                http::StatusCode::FORBIDDEN,
                "forbidden",
                "Not with this key",
                "The key is not good for all that was asked: its numbers, in realtime.keys_file, decide. An account, or \"*\", needs a key for \"*\".",
            ));
        }
        let subject = self.subject.unwrap_or_else(|| key.to_owned());
        if subject.len() > LONGEST_SUBJECT || subject.chars().any(char::is_control) {
            return Err(Problem::invalid(
                "The subject must have at most 128 bytes and no control characters.",
            ));
        }
        let ttl = self.ttl_seconds.map_or(TTL, Duration::from_secs);
        if !(LEAST_TTL..=MOST_TTL).contains(&ttl) {
            return Err(Problem::invalid("ttl_seconds must be from 60 to 86400."));
        }
        Ok(Claims::new(subject, scope, ttl))
    }
}

/// Whether a key with these numbers may see that. Events of an account concern all its numbers.
fn covers(may: &Numbers, scope: &Scope, account: bool) -> bool {
    let all = matches!(may, Numbers::All);
    match scope {
        Scope::Everything => all,
        Scope::Numbers { numbers, .. } => {
            (all || !account) && numbers.iter().all(|number| may.contain(number))
        }
        Scope::Conversation { number, .. } => may.contain(number),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn ask(body: &str, may: &Numbers) -> Result<Claims, Problem> {
        Ask::read(body.as_bytes())?.claims("backend", may)
    }

    #[test]
    fn a_key_gets_tokens_for_its_own_numbers() {
        let these = Numbers::These(BTreeSet::from(["1".to_owned(), "2".to_owned()]));
        let claims = ask(r#"{"number":"1"}"#, &these).unwrap();
        assert_eq!(claims.subject, "backend");
        assert!(ask(r#"{"numbers":["1","2"],"ttl_seconds":60}"#, &these).is_ok());
        for (body, refused) in [
            (r#"{"numbers":["1","3"]}"#, true),
            (r#"{"numbers":["*"]}"#, true),
            (r#"{"number":"1","account":"7"}"#, true),
            (
                r#"{"number":"3","contact":"00000000-0000-0000-0000-000000000001"}"#,
                true,
            ),
            (r#"{"number":"1","contact":null}"#, false),
        ] {
            assert_eq!(ask(body, &these).is_err(), refused, "{body}");
            assert!(ask(body, &Numbers::All).is_ok(), "{body}");
        }
    }

    #[test]
    fn what_cannot_be_is_refused_and_not_quoted() {
        for body in [
            "",
            "[]",
            "{}",
            r#"{"number":1}"#,
            r#"{"number":"1","numbers":["2"]}"#,
            r#"{"number":"1","contact":"hunter2"}"#,
            r#"{"number":"1","hunter2":1}"#,
            r#"{"number":"1","ttl_seconds":59}"#,
            r#"{"number":"1","ttl_seconds":86401}"#,
            r#"{"number":"1","ttl_seconds":-1}"#,
            "{\"number\":\"1\",\"subject\":\"a\\nb\"}",
        ] {
            let problem = ask(body, &Numbers::All).unwrap_err();
            assert!(!format!("{problem:?}").contains("hunter2"), "{body}");
        }
    }
}
