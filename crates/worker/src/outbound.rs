//! Messages on their way out, as rows: what a sender gave us, and what a dispatcher told of it.

use serde::Deserialize;
use waypost_model::Recipient;
use waypost_queue::{Envelope, EnvelopeError, Fact, Outgoing};
use waypost_store::{FactRow, Person, SendRow};
use waypost_whatsapp::find_poison;

/// A message accepted from a sender, with what its row needs beside.
pub(crate) struct Sending {
    pub(crate) outgoing: Outgoing,
    /// The body for Meta where Postgres could not hold it as it is.
    scrubbed: Option<String>,
    /// The message it answers or marks.
    refers_to: Option<String>,
}

/// The few words of a body for Meta that its row has a column for.
#[derive(Deserialize)]
struct Refers {
    message_id: Option<String>,
    context: Option<Context>,
}

#[derive(Deserialize)]
struct Context {
    message_id: Option<String>,
}

impl Sending {
    /// Reads it out of its entry.
    pub(crate) fn read(envelope: &Envelope) -> Result<Self, EnvelopeError> {
        let outgoing = Outgoing::from_envelope(envelope)?;
        let text = std::str::from_utf8(&outgoing.body)
            .map_err(|_| EnvelopeError::Body("the message is no text"))?;
        // Meta gets it as it is; the history rather without one character than without the message.
        let scrubbed = find_poison(text).map(|_| scrub(text));
        let refers: Refers = serde_json::from_str(scrubbed.as_deref().unwrap_or(text))
            .map_err(|_| EnvelopeError::Body("the message is no JSON object for Meta"))?;
        let context = refers.context.and_then(|context| context.message_id);
        Ok(Self {
            refers_to: context.or(refers.message_id),
            scrubbed,
            outgoing,
        })
    }

    /// The body for Meta, as Postgres and a browser can hold it.
    fn payload(&self) -> &str {
        let as_it_is = || std::str::from_utf8(&self.outgoing.body).unwrap_or("null");
        self.scrubbed.as_deref().unwrap_or_else(as_it_is)
    }

    pub(crate) fn row<'r>(&'r self, trace_id: Option<&'r str>) -> SendRow<'r> {
        let outgoing = &self.outgoing;
        let mut person = Person::default();
        let mut group_id = None;
        match &outgoing.recipient {
            Recipient::Phone(digits) => person.phone = Some(digits),
            Recipient::User(id) => person.bsuid = Some(id),
            Recipient::Group(id) => group_id = Some(id.as_str()),
            Recipient::Mark(_) => {}
        }
        SendRow {
            id: outgoing.id,
            request_id: outgoing.request_id,
            trace_id,
            phone_number_id: &outgoing.phone_number_id,
            account: Some(outgoing.account.as_str()).filter(|account| !account.is_empty()),
            kind: &outgoing.kind,
            person,
            group_id,
            context_wamid: self.refers_to.as_deref(),
            accepted_at: outgoing.accepted_at,
            callback_data: outgoing.callback_data.as_deref(),
            priority: outgoing.priority,
            send_at: outgoing.send_at,
            expires_at: outgoing.expires_at,
            on_unknown: outgoing.on_unknown,
            key_name: &outgoing.key_name,
            payload: self.payload(),
        }
    }
}

pub(crate) fn fact_row(fact: &Fact) -> FactRow<'_> {
    FactRow {
        message_id: fact.message_id,
        life: fact.life,
        attempt: fact.attempt,
        attempted: fact.attempted,
        state: fact.state,
        verdict: &fact.verdict,
        class: fact.class,
        error_code: fact.error_code,
        error_subcode: fact.error_subcode,
        http_status: fact.http_status,
        error_message: fact.error_message.as_deref(),
        fbtrace_id: fact.fbtrace_id.as_deref(),
        wamid: fact.wamid.as_deref(),
        started_at: fact.started_at,
        finished_at: fact.finished_at,
        next_at: fact.next_at,
    }
}

/// Writes U+FFFD for every escape that is no character to Postgres. Escapes are of one length, so nothing moves.
fn scrub(json: &str) -> String {
    let mut text = json.to_owned();
    let mut at = 0;
    while let Some(found) = json[at..].find('\\') {
        at += found;
        let unit = escaped_unit(json, at);
        let pair = matches!(unit, Some(0xd800..=0xdbff))
            && matches!(escaped_unit(json, at + 6), Some(0xdc00..=0xdfff));
        match unit {
            Some(_) if pair => at += 12,
            Some(0 | 0xd800..=0xdfff) => {
                text.replace_range(at..at + 6, "\\ufffd");
                at += 6;
            }
            Some(_) => at += 6,
            // The escaped character is ASCII in valid JSON.
            None => at += 2,
        }
        if !json.is_char_boundary(at.min(json.len())) || at >= json.len() {
            break;
        }
    }
    text
}

/// The UTF-16 unit of the `\uXXXX` that starts at `at`, if one does.
fn escaped_unit(json: &str, at: usize) -> Option<u16> {
    let hex = json.get(at..at + 6)?.strip_prefix("\\u")?;
    u16::from_str_radix(hex, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_postgres_cannot_hold_is_scrubbed() {
        for (json, expected) in [
            (r#"{"a":"x\u0000y"}"#, r#"{"a":"x\ufffdy"}"#),
            (r#""\\u0000\u0000""#, r#""\\u0000\ufffd""#),
            (r#""\ud83d\udc4d\ud83d""#, r#""\ud83d\udc4d\ufffd""#),
            (r#""\udc4d\n é\u00e9\"""#, r#""\ufffd\n é\u00e9\"""#),
        ] {
            assert_eq!(scrub(json), expected);
            assert_eq!(find_poison(&scrub(json)), None);
        }
    }
}
