//! From status, body and headers to a judgement.

use std::time::Duration;

use serde_json::{Map, Value};

use super::rule::Rule;
use super::{AttemptFacts, GraphError, Judgement, Scope, Verdict, table};

/// Judges an answer of `POST /{phone_number_id}/messages`. A read timeout or a broken connection gives no answer, and
/// is for the caller to judge. `retry_after` is the header of that name, when it was readable.
pub fn judge(
    status: u16,
    body: &[u8],
    retry_after: Option<Duration>,
    facts: AttemptFacts,
) -> Judgement {
    let json = serde_json::from_slice(body).ok();
    let members = json.as_ref().and_then(Value::as_object);
    let taken = members.and_then(wamid);
    if let (200..=299, Some(wamid)) = (status, taken) {
        return done(Some(wamid.to_owned()), members.is_some_and(is_held));
    }
    match members.and_then(GraphError::read) {
        Some(error) => refused(status, error, retry_after, facts),
        None => without_error(status, members, retry_after),
    }
}

/// Meta said what is wrong, so it has not taken the message.
fn refused(
    status: u16,
    error: GraphError,
    retry_after: Option<Duration>,
    facts: AttemptFacts,
) -> Judgement {
    let (rule, operator) = match table::find(error.code, error.subcode) {
        Some(row) => (row.rule, row.operator),
        None => match status {
            429 => (Rule::Slow(Scope::Number), false),
            500.. => (Rule::Few, false),
            400..=499 => (Rule::Never, false),
            // An error with a status that is none: somebody should see that.
            _ => (Rule::Never, true),
        },
    };
    Judgement {
        verdict: rule.verdict(facts, retry_after),
        operator,
        meta_failure: rule.is_meta_failure(status),
        error: Some(error),
    }
}

/// No id and no error that could be read: the HTTP status is all there is.
fn without_error(
    status: u16,
    members: Option<&Map<String, Value>>,
    retry_after: Option<Duration>,
) -> Judgement {
    let (verdict, operator) = match status {
        200..=299 => match members {
            Some(members) if members.get("success") == Some(&Value::Bool(false)) => {
                (Verdict::Never, true)
            }
            Some(_) => return done(None, false),
            // Cut short, or some proxy's page.
            None => (Verdict::Unknown, false),
        },
        429 => (
            Rule::Slow(Scope::Number).verdict(AttemptFacts::default(), retry_after),
            false,
        ),
        // A gateway gave up waiting, or a server failed half way: the message may be on its way.
        500.. => (Verdict::Unknown, false),
        // Not Meta's words: a proxy, a wrong address, a token that something in between refused. No message is to blame,
        // so none is given up for it.
        300..=399 | 401 | 403 | 404 | 405 | 407 => (Verdict::StopNumber, true),
        408 => (Verdict::Unknown, false),
        _ => (Verdict::Never, true),
    };
    Judgement {
        verdict,
        error: None,
        operator,
        meta_failure: status >= 500,
    }
}

fn done(wamid: Option<String>, held: bool) -> Judgement {
    Judgement {
        verdict: Verdict::Done { wamid, held },
        error: None,
        operator: false,
        meta_failure: false,
    }
}

fn wamid(answer: &Map<String, Value>) -> Option<&str> {
    first_message(answer)?
        .get("id")?
        .as_str()
        .filter(|id| !id.is_empty())
}

fn is_held(answer: &Map<String, Value>) -> bool {
    let status = first_message(answer).and_then(|message| message.get("message_status"));
    matches!(
        status.and_then(Value::as_str),
        Some("held_for_quality_assessment" | "paused")
    )
}

fn first_message(answer: &Map<String, Value>) -> Option<&Value> {
    answer.get("messages")?.get(0)
}

impl GraphError {
    /// Reads `error`; without a code it tells nothing to branch on and counts as none.
    fn read(answer: &Map<String, Value>) -> Option<Self> {
        let error = answer.get("error")?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Some(Self {
            code: number(error.get("code")?)?,
            subcode: error.get("error_subcode").and_then(number),
            message: error.get("message").and_then(text).unwrap_or_default(),
            details: error.get("error_data").and_then(details),
            fbtrace_id: error.get("fbtrace_id").and_then(text),
        })
    }
}

/// `error_data` is an object with `details`, or that object as a string, or plain text.
fn details(data: &Value) -> Option<String> {
    let of = |data: &Value| Some(data.get("details")?.as_str()?.to_owned());
    match data {
        Value::String(text) => {
            let nested = serde_json::from_str(text).ok();
            Some(nested.as_ref().and_then(of).unwrap_or_else(|| text.clone()))
        }
        data => of(data),
    }
}

fn number(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        value => value.as_i64(),
    }
}
