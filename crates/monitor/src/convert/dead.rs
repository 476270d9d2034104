//! Dead letters.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use waypost_queue::{AttemptError, DeadLetter as DeadEntry, DeadOutgoing};
use waypost_rpc::v1::{AttemptFailure, DeadLetter, ErrorDetail, Queue};

use super::time::stamp;

/// A message that was given up.
pub(crate) fn message(letter: &DeadOutgoing) -> DeadLetter {
    let errors = errors(letter);
    DeadLetter {
        id: letter.outgoing.id.to_string(),
        queue: Queue::Message.into(),
        class: letter.class.as_str().to_owned(),
        reason: letter.reason.clone(),
        accepted_at: Some(stamp(letter.outgoing.accepted_at)),
        dead_at: Some(stamp(letter.buried_at)),
        attempts: letter.progress.made,
        request_id: letter.outgoing.request_id.to_string(),
        phone_number_id: letter.outgoing.phone_number_id.clone(),
        r#type: letter.outgoing.kind.clone(),
        priority: letter.outgoing.priority.as_str().to_owned(),
        replays: letter.progress.life,
        first_error: errors.first().cloned(),
        last_error: errors.last().cloned(),
        payload_bytes: size(letter.outgoing.body.len()),
    }
}

/// What went wrong with it, oldest first.
pub(crate) fn errors(letter: &DeadOutgoing) -> Vec<AttemptFailure> {
    letter.progress.errors.iter().map(failure).collect()
}

/// A webhook or fact that was given up.
pub(crate) fn entry(queue: Queue, letter: &DeadEntry) -> DeadLetter {
    let errors = entry_errors(letter);
    DeadLetter {
        id: letter.envelope.id.to_string(),
        queue: queue.into(),
        class: letter.class.clone(),
        reason: letter.envelope.last_error.clone(),
        accepted_at: Some(stamp(letter.envelope.received_at)),
        dead_at: Some(stamp(letter.buried_at)),
        attempts: letter.envelope.attempts,
        request_id: letter.envelope.request_id.to_string(),
        first_error: errors.first().cloned(),
        last_error: errors.last().cloned(),
        payload_bytes: size(letter.envelope.body.len()),
        ..DeadLetter::default()
    }
}

/// What went wrong with it: the first time and the last.
pub(crate) fn entry_errors(letter: &DeadEntry) -> Vec<AttemptFailure> {
    let envelope = &letter.envelope;
    let mut told = vec![(1, envelope.first_error.as_str())];
    if envelope.last_error != envelope.first_error {
        told.push((envelope.attempts, envelope.last_error.as_str()));
    }
    told.into_iter()
        .filter(|(_, message)| !message.is_empty())
        .map(|(attempt, message)| AttemptFailure {
            attempt,
            at: None,
            verdict: String::new(),
            error: Some(ErrorDetail {
                message: message.to_owned(),
                ..ErrorDetail::default()
            }),
        })
        .collect()
}

/// Text as it is, anything else as base64.
pub(crate) fn payload(body: &[u8]) -> String {
    match std::str::from_utf8(body) {
        Ok(text) => text.to_owned(),
        Err(_) => BASE64_STANDARD.encode(body),
    }
}

fn failure(error: &AttemptError) -> AttemptFailure {
    AttemptFailure {
        attempt: error.attempt,
        at: Some(stamp(error.at)),
        verdict: error.verdict.clone(),
        error: Some(ErrorDetail {
            code: error.code.unwrap_or(0),
            http_status: error.http_status.map_or(0, u32::from),
            message: error.message.clone(),
            explanation: explain(error.code),
            ..ErrorDetail::default()
        }),
    }
}

/// What a code of Meta's means, in our words; empty for one that is not in the table.
pub(crate) fn explain(code: Option<i64>) -> String {
    code.and_then(waypost_whatsapp::graph::explain)
        .unwrap_or_default()
        .to_owned()
}

fn size(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
