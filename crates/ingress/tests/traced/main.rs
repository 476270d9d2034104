//! What context goes along with webhooks and messages while traces are exported: in a process of its own, since that is
//! on or off for a whole process. Where it goes is the worker's tests' business; here nobody listens.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::large_futures,
    dead_code,
    reason = "test code, which shares its tools with other tests"
)]

#[path = "../it/local_redis.rs"]
mod local_redis;
#[path = "../it/raw.rs"]
mod raw;
#[path = "../it/sender.rs"]
mod sender;
#[path = "../it/service.rs"]
mod service;

use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use uuid::Uuid;
use waypost_queue::Outgoing;
use waypost_telemetry::metrics::prometheus;
use waypost_telemetry::trace::Context;
use waypost_telemetry::{Format, Guard, LogSettings, Protocol, TelemetrySettings};

use local_redis::{LocalRedis, eventually};
use raw::{exchange, header, signed, status};
use sender::{facts, ready, text};
use service::Service;

const SENDER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

static TELEMETRY: OnceLock<Mutex<Guard>> = OnceLock::new();

/// Turns traces on; the collector is away.
fn on() {
    TELEMETRY.get_or_init(|| {
        let settings = TelemetrySettings {
            endpoint: Some("http://127.0.0.1:9".to_owned()),
            protocol: Protocol::Http,
            headers: Vec::new(),
            service_name: None,
            sample_ratio: 1.0,
            slow: Duration::from_secs(3600),
            queue: 64,
            interval: Duration::from_secs(3600),
        };
        let log = LogSettings {
            level: "off".to_owned(),
            format: Format::Json,
        };
        let guard = waypost_telemetry::init(&log).unwrap();
        Mutex::new(guard.export(&settings, "waypost-ingress", "0").unwrap())
    });
}

fn trace(traceparent: &str) -> String {
    let trace = Context::parse(traceparent).trace_id();
    trace.expect("a trace").to_string()
}

/// The trace that belongs to an id.
fn of(id: Uuid) -> String {
    id.simple().to_string()
}

fn shown(series: &str) -> f64 {
    let text = prometheus();
    let mut lines = text.lines().filter_map(|line| line.strip_prefix(series));
    lines
        .next()
        .map_or(0.0, |value| value.trim().parse().unwrap())
}

#[tokio::test]
async fn a_webhook_has_the_trace_of_its_request_whatever_a_stranger_says() {
    on();
    let redis = LocalRedis::start().await;
    let service = Service::ready(&redis.url(), &[]).await;
    let plain = String::from_utf8(signed(b"{}")).unwrap();
    let with_trace = plain.replacen("\r\n", &format!("\r\ntraceparent: {SENDER}\r\n"), 1);
    for request in [plain, with_trace] {
        let answer = exchange(service.address, request.as_bytes()).await;
        assert_eq!(status(&answer), 200);
        let id: Uuid = header(&answer, "x-request-id").unwrap().parse().unwrap();
        let envelope = redis.take().await.remove(0);
        assert_eq!(envelope.id, id);
        assert_eq!(trace(&envelope.traceparent), of(id));
        let first = Context::of(id, None).traceparent();
        assert_ne!(envelope.traceparent, first, "it is below the first span");
    }
    service.stop().await.unwrap();
}

#[tokio::test]
async fn the_spool_keeps_the_context_and_says_what_it_holds() {
    on();
    let dir = TempDir::new().unwrap();
    let mut redis = LocalRedis::stopped();
    let settings = [("spool.dir", dir.path().to_str().unwrap())];
    let service = Service::start(&redis.url(), &settings).await;
    let mut traces = Vec::new();
    for body in [&b"one"[..], b"two"] {
        let answer = exchange(service.address, &signed(body)).await;
        assert_eq!(status(&answer), 200);
        let id: Uuid = header(&answer, "x-request-id").unwrap().parse().unwrap();
        traces.push(of(id));
    }
    assert_eq!(shown("waypost_spool_records "), 2.0);
    assert!(shown("waypost_spool_bytes ") > 100.0);
    assert!(shown("waypost_webhooks_total{result=\"spooled\"} ") >= 2.0);
    service.stop().await.unwrap();
    // What an earlier run left is counted too.
    let service = Service::start(&redis.url(), &settings).await;
    assert_eq!(shown("waypost_spool_records "), 2.0);
    redis.resume().await;
    eventually("the spool is empty", || async {
        shown("waypost_spool_records ") == 0.0
    })
    .await;
    let replayed = redis.take().await;
    let replayed = replayed.iter().map(|envelope| trace(&envelope.traceparent));
    assert_eq!(replayed.collect::<Vec<_>>(), traces);
    service.stop().await.unwrap();
}

#[tokio::test]
async fn a_message_has_a_trace_of_its_own_or_its_senders() {
    on();
    let redis = LocalRedis::start().await;
    let (service, sender, _file) = ready(&redis, &[]).await;
    let body = text("Hello").to_string();
    for (headers, brought) in [(&[][..], false), (&[("traceparent", SENDER)], true)] {
        let reply = sender.post("/v1/messages", body.clone(), headers).await;
        assert_eq!(reply.status, 202);
        let outgoing = facts(&redis).await.remove(0);
        assert_eq!(reply.body["id"], outgoing.id.to_string());
        let wanted = if brought {
            trace(SENDER)
        } else {
            of(outgoing.id)
        };
        assert_eq!(trace(&outgoing.traceparent), wanted);
    }
    service.stop().await.unwrap();
}

#[tokio::test]
async fn messages_of_a_batch_have_a_trace_each_or_their_senders() {
    on();
    let redis = LocalRedis::start().await;
    let (service, sender, _file) = ready(&redis, &[]).await;
    let body = json!({ "messages": [text("One"), text("Two")] });
    sender.batch(&body, &[]).await;
    let first_span = |one: &Outgoing, trace: Option<&str>| {
        assert_eq!(one.traceparent, Context::of(one.id, trace).traceparent());
    };
    let own = facts(&redis).await;
    assert_eq!(own.len(), 2);
    own.iter().for_each(|one| first_span(one, None));
    sender.batch(&body, &[("traceparent", SENDER)]).await;
    let brought = facts(&redis).await;
    assert_eq!(brought.len(), 2);
    let theirs = trace(SENDER);
    brought
        .iter()
        .for_each(|one| first_span(one, Some(&theirs)));
    service.stop().await.unwrap();
}
