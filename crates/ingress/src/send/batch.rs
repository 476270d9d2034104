//! Up to a thousand messages in one request, an answer for each.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use hyper::body::Incoming;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use uuid::Uuid;
use waypost_queue::{Idempotency, Outgoing};
use waypost_telemetry::trace::Span;

use super::accept::{Origin, outgoing, published, ready, rules, taken};
use super::answer::{Problem, Reply, Taken, instance};
use super::check::{Draft, Rules, check};
use super::keys::Key;
use super::kind::Kind;
use super::members::{items, members, whole};
use super::route::Asked;
use super::{Api, count_problem, read};
use crate::spans;

/// Messages in one batch.
const MOST: usize = 1_000;

/// A message that passed, and the SHA-256 of how it was written.
type Passed = (Draft, [u8; 32]);

/// Answers `POST /v1/messages:batch`.
pub(crate) async fn batch(
    api: &Api,
    asked: &mut Asked,
    key: Arc<Key>,
    request: Request<Incoming>,
) -> Result<Reply, Problem> {
    let (head, body) = request.into_parts();
    let idempotency_key = read::idempotency_key(&head.headers)?;
    let bytes = read::body(api, &head.headers, body, api.settings.batch_body_limit).await?;
    ready(api)?;
    let rules = rules(api, &key);
    let now = rules.now;
    // Some megabytes of JSON take longer than the other connections of this thread should wait.
    let checking = tokio::task::spawn_blocking(move || check_all(&rules, &bytes));
    let checked = checking
        .await
        .map_err(|_| Problem::new(Kind::Internal, "Nothing was taken."))??;

    let origin = Origin {
        request_id: asked.id.uuid(),
        key_name: key.name.clone(),
    };
    let mut messages: Vec<(Outgoing, Option<Idempotency>)> = Vec::new();
    let mut publishing: Vec<Span> = Vec::new();
    let mut results: Vec<Result<bool, Problem>> = Vec::with_capacity(checked.len());
    for (index, passed) in checked.into_iter().enumerate() {
        results.push(passed.map(|(draft, digest)| {
            let is_later = draft.is_later(now);
            let idempotency = idempotency_key.map(|given| Idempotency {
                // A header has no NUL, so no key of a single message is ever this one.
                key: format!("{}\0{given}\0{index}", key.name),
                digest,
            });
            let id = Uuid::now_v7();
            let (sender, request) = (asked.sender, &mut asked.span);
            let mut span = spans::publish_one_of("outbox publish", "outbox", id, sender, request);
            messages.push((outgoing(api, &origin, draft, id, &mut span), idempotency));
            publishing.push(span);
            is_later
        }));
    }
    // In the order of the array: it is the order of each conversation.
    let answers = api.acceptor.accept_all(messages).await;
    for (mut span, accepted) in publishing.into_iter().zip(&answers) {
        published(&mut span, accepted);
    }
    let mut answers = answers.into_iter();
    let instance = instance(&asked.id);
    let results = results.into_iter().enumerate().map(|(index, passed)| {
        let result = passed.and_then(|is_later| match answers.next() {
            Some(answer) => taken(answer, is_later),
            None => Err(Problem::new(Kind::Internal, "No answer came.")),
        });
        value(api, &format!("{instance}#{index}"), result)
    });
    Ok(Reply::Many(results.collect()))
}

fn value(api: &Api, instance: &str, result: Result<Taken, Problem>) -> serde_json::Value {
    match result {
        Ok(taken) => taken.value(),
        Err(problem) => {
            count_problem(&problem);
            problem.result(instance, &api.retry_after)
        }
    }
}

/// Checks each message on its own.
fn check_all(rules: &Rules, bytes: &Bytes) -> Result<Vec<Result<Passed, Problem>>, Problem> {
    let messages = messages(whole(bytes)?)?;
    let check = |raw: &&RawValue| {
        let digest = Sha256::digest(raw.get()).into();
        check(rules, raw).map(|draft| (draft, digest))
    };
    Ok(messages.iter().map(check).collect())
}

/// The messages of `{"messages":[…]}`, or of a bare array.
fn messages(raw: &RawValue) -> Result<Vec<&RawValue>, Problem> {
    const WANTED: &str = "must be an array of messages, alone or as the member \"messages\"";
    let (pointer, list) = match members(raw)? {
        None => ("", raw),
        Some(members) => match &members[..] {
            [(name, list)] if name == "messages" => ("/messages", *list),
            _ => return Err(Problem::fault("", "must have the one member \"messages\"")),
        },
    };
    let Some((messages, count)) = items(list, MOST)? else {
        return Err(Problem::fault(pointer, WANTED));
    };
    if !(1..=MOST).contains(&count) {
        let message = format!("must hold 1 to {MOST} messages; it holds {count}");
        return Err(Problem::fault(pointer, message));
    }
    Ok(messages)
}
