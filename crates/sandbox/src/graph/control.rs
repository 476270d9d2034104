//! `/_sandbox/`: what a test or a curious person may ask and change while it runs.
//!
//! | call | does |
//! |---|---|
//! | `GET log?after=SEQ` | accepted messages after that place, JSON lines, at most 10,000 |
//! | `GET stats` | counts |
//! | `PUT faults` | replaces all faults: a JSON array, see [`Fault`] |
//! | `PUT limits` | replaces the limits, see [`Limits`]; `null` lifts them |
//! | `POST inbound` | `{from, phone_number_id, text}`: somebody writes to the business |

use std::sync::atomic::Ordering;

use http::request::Parts;
use http::{Method, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::answer::{self, Answer};
use super::route::query;
use super::shared::Shared;
use super::{Fault, Limits};

/// Lines of the log in one answer.
const PAGE: usize = 10_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Inbound {
    from: String,
    phone_number_id: String,
    text: String,
}

pub(super) fn answer(shared: &Shared, head: &Parts, path: &str, body: &[u8]) -> Answer {
    match (&head.method, path) {
        (&Method::GET, "log") => log(shared, head),
        (&Method::GET, "stats") => stats(shared),
        (&Method::PUT, "faults") => take(body, |faults: Vec<Fault>| shared.faults.set(faults)),
        (&Method::PUT, "limits") => take(body, |limits: Option<Limits>| shared.set_limits(limits)),
        (&Method::POST, "inbound") => inbound(shared, body),
        _ => answer::json(
            StatusCode::NOT_FOUND,
            json!({"error": "ask for log, stats, faults, limits or inbound"}).to_string(),
        ),
    }
}

fn log(shared: &Shared, head: &Parts) -> Answer {
    let after = query(head, "after").and_then(|after| after.parse().ok());
    let mut lines = String::new();
    for message in shared.log.after(after.unwrap_or(0), PAGE) {
        if let Ok(line) = serde_json::to_string(&message) {
            lines.push_str(&line);
            lines.push('\n');
        }
    }
    answer::bare(StatusCode::OK, lines)
}

fn stats(shared: &Shared) -> Answer {
    let pending = shared
        .webhooks
        .as_ref()
        .map_or(0, |webhooks| webhooks.pending());
    answer::ok(&json!({
        "requests": shared.log.requests(),
        "accepted": shared.log.accepted_count(),
        "marked_read": shared.marked_read.load(Ordering::Relaxed),
        "answers": shared.log.answers(),
        "faults_acted": shared.faults.acted(),
        "webhooks_pending": pending,
    }))
}

fn inbound(shared: &Shared, body: &[u8]) -> Answer {
    let Some(webhooks) = &shared.webhooks else {
        return wrong("no address for webhooks was given at the start");
    };
    match serde_json::from_slice::<Inbound>(body) {
        Ok(inbound) => {
            let seed = shared.settings.seed;
            let id = webhooks.inbound(seed, &inbound.from, &inbound.phone_number_id, &inbound.text);
            answer::ok(&json!({"id": id}))
        }
        Err(error) => wrong(&error.to_string()),
    }
}

fn take<T: DeserializeOwned>(body: &[u8], set: impl FnOnce(T)) -> Answer {
    match serde_json::from_slice(body) {
        Ok(value) => {
            set(value);
            answer::ok(&json!({"success": true}))
        }
        Err(error) => wrong(&error.to_string()),
    }
}

fn wrong(what: &str) -> Answer {
    answer::json(StatusCode::BAD_REQUEST, json!({"error": what}).to_string())
}
