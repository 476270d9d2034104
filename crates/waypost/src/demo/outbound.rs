//! The other way: messages out, some throttled, one whose answer is lost, and statuses coming back.

use std::fmt::Write;
use std::time::Duration;

use anyhow::{Context, ensure};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use uuid::Uuid;
use waypost_queue::{Inbox, Outbox, OutboxStats};
use waypost_sandbox::Graph;
use waypost_sandbox::graph::{Effect, Fault, Filter};
use waypost_store::Store;

use super::progress::Progress;
use crate::terminal;
use crate::up::Addresses;

/// Messages sent.
const MESSAGES: usize = 240;
/// People who get them.
const PEOPLE: usize = 120;
/// The business number that speaks with people.
pub(super) const NUMBER: &str = "106540352242922";
/// Answers that the number is too fast.
const THROTTLED: u64 = 5;
/// The message whose answer is lost.
const LOST: u64 = 100;
/// How long all of it may take: at 80 a second it is three seconds.
const WITHIN: Duration = Duration::from_secs(90);

/// What there is to see of it.
pub(super) struct Way<'a> {
    pub(super) graph: &'a Graph,
    pub(super) outbox: Outbox,
    pub(super) inbox: Inbox,
    pub(super) facts: Inbox,
    pub(super) store: &'a Store,
}

/// Sends, waits until every message has come to its end and was read, and tells how many figures are wrong.
pub(super) async fn show(addresses: &Addresses, way: &Way<'_>) -> anyhow::Result<usize> {
    way.graph.set_faults(faults());
    terminal::line(&format!(
        "Sending {MESSAGES} messages to {PEOPLE} people; Meta is told to throttle {THROTTLED} and to lose one answer."
    ));
    let ids = post(addresses).await?;
    let stats = wait(way).await?;
    let (text, wrong) = report(way, &ids, &stats).await?;
    terminal::out(&text);
    Ok(wrong)
}

fn faults() -> Vec<Fault> {
    let lost = Filter {
        nth: Some(LOST),
        ..Filter::default()
    };
    let first = Filter {
        first: Some(THROTTLED),
        ..Filter::default()
    };
    vec![
        Fault::when(lost, Effect::ResetAfter),
        Fault::when(first, Effect::code(130_429)),
    ]
}

async fn post(addresses: &Addresses) -> anyhow::Result<Vec<Uuid>> {
    #[derive(Deserialize)]
    struct Answer {
        results: Vec<Value>,
    }
    let messages: Vec<Value> = (0..MESSAGES)
        .map(|i| {
            json!({
                "from": NUMBER,
                "to": format!("+4915{:08}", i % PEOPLE),
                "type": "text",
                "text": {"body": format!("Your order {} has left our store. It arrives tomorrow.", 1_000 + i)},
                "biz_opaque_callback_data": format!("order-{i}"),
            })
        })
        .collect();
    let body = json!({ "messages": messages });
    let answer = call(addresses, "/v1/messages:batch", &body).await?;
    let answer: Answer = serde_json::from_slice(&answer)?;
    answer
        .results
        .iter()
        .map(|result| {
            let id = result["id"]
                .as_str()
                .with_context(|| format!("not accepted: {result}"))?;
            Ok(id.parse()?)
        })
        .collect()
}

/// Posts to the send API.
pub(super) async fn call(addresses: &Addresses, path: &str, body: &Value) -> anyhow::Result<Bytes> {
    let key = addresses.send_key.as_deref().context("a key was made")?;
    let request = Request::post(format!("{}{path}", addresses.send_url))
        .header("authorization", format!("Bearer {key}"))
        .header("idempotency-key", Uuid::new_v4().to_string())
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(body.to_string())))?;
    let client = Client::builder(TokioExecutor::new()).build_http();
    let (head, body) = client.request(request).await?.into_parts();
    let body = body.collect().await?.to_bytes();
    ensure!(
        head.status.is_success(),
        "the send API answered {}",
        head.status
    );
    Ok(body)
}

async fn wait(way: &Way<'_>) -> anyhow::Result<OutboxStats> {
    let progress = Progress::new(MESSAGES, "messages taken by Meta");
    let (deadline, mut shown) = (Instant::now() + WITHIN, 0);
    loop {
        let stats = way.outbox.stats().await?;
        while shown < stats.completed {
            progress.step();
            shown += 1;
        }
        let told = way.graph.webhooks_pending() == 0;
        if stats.is_drained()
            && told
            && way.inbox.stats().await?.is_drained()
            && way.facts.stats().await?.is_drained()
        {
            progress.done();
            return Ok(stats);
        }
        ensure!(
            Instant::now() < deadline,
            "not all was sent and read within {WITHIN:?}: {stats:?}"
        );
        sleep(Duration::from_millis(50)).await;
    }
}

async fn report(
    way: &Way<'_>,
    ids: &[Uuid],
    stats: &OutboxStats,
) -> anyhow::Result<(String, usize)> {
    let tables = way.store.summary().await?;
    let copies: Vec<usize> = ids
        .iter()
        .map(|id| way.graph.accepted_by_id(*id).len())
        .collect();
    let (mut sent, mut read) = (0, 0);
    for id in ids {
        let Some(history) = way.store.message(*id).await? else {
            continue;
        };
        sent += u64::from(history.message.state.as_deref() == Some("sent"));
        read += u64::from(history.message.status.as_deref() == Some("read"));
    }
    let all = MESSAGES as u64;
    let throttled = way.graph.answers().get("400/130429").copied().unwrap_or(0);
    let rows = [
        ("accepted by the send API", all, ids.len() as u64),
        (
            "taken by Meta exactly once",
            all,
            copies.iter().filter(|c| **c == 1).count() as u64,
        ),
        ("throttled by Meta at first", THROTTLED, throttled),
        ("answers lost, settled by their echo", 1, stats.echoed),
        ("dead letters", 0, stats.dead),
        ("in the history as sent", all, sent),
        ("in the history as read", all, read),
        (
            "attempts in the history",
            all + THROTTLED,
            tables.attempts.iter().map(|row| row.count).sum(),
        ),
    ];
    let mut text = format!(
        "\n{:<44} {:>8} {:>8}\n",
        "messages sent", "expected", "found"
    );
    let mut wrong = 0;
    for (name, expected, found) in rows {
        let verdict = if expected == found { "OK" } else { "MISMATCH" };
        wrong += usize::from(expected != found);
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {name:<42} {expected:>8} {found:>8}  {verdict}");
    }
    text.push('\n');
    Ok((text, wrong))
}
