//! What a run sends to a collector: the traces of all services, and the metrics of the one process that they are.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::net::TcpStream;
use waypost_harness::otlp::Receiver;
use waypost_harness::{Client, eventually};

use crate::running::{SOON, Up, folder, webhook};

/// A trace that a caller is in.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

async fn up(collector: &Receiver, folder: &std::path::Path) -> Up {
    let url = collector.url();
    let environment = [
        ("WAYPOST_TELEMETRY_OTLP_ENDPOINT", &*url),
        ("WAYPOST_TELEMETRY_OTLP_PROTOCOL", "http"),
        ("WAYPOST_TELEMETRY_INTERVAL", "1s"),
    ];
    Up::start(folder, &["--ephemeral", "--sandbox"], &environment).await
}

fn at(up: &Up, member: &str) -> Client {
    let address = SocketAddr::from(([127, 0, 0, 1], up.port(member)));
    Client::new(address, "")
}

/// A browser that listens to the number of [`webhook`].
async fn browser(up: &Up) -> Lines<BufReader<TcpStream>> {
    let key = format!("Bearer {}", up.text("realtime_key"));
    let (tokens, headers) = (at(up, "realtime_tokens_url"), [("authorization", &*key)]);
    let (path, body) = ("/v1/realtime/tokens", r#"{"numbers":["2"]}"#);
    let reply = tokens.post_to(path, body, &headers).await.unwrap();
    let answer: Value = serde_json::from_slice(&reply.body).unwrap();
    let token = answer["token"].as_str().unwrap();
    let stream = crate::events(up.port("realtime_url"), up.text("admin_url"), token).await;
    let mut lines = BufReader::new(stream).lines();
    read_to(&mut lines, "id: ").await;
    lines
}

async fn read_to(lines: &mut Lines<BufReader<TcpStream>>, start: &str) {
    let read = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if line.starts_with(start) {
                return;
            }
        }
        panic!("the stream ended");
    };
    tokio::time::timeout(SOON, read).await.expect(start);
}

#[tokio::test]
async fn a_trace_leads_from_a_webhook_to_the_browser() {
    let (collector, dir) = (Receiver::http(), folder());
    let up = up(&collector, dir.path()).await;
    let mut lines = browser(&up).await;
    assert_eq!(up.client().post(webhook("wamid.1")).await.unwrap(), 200);
    read_to(&mut lines, "event: message").await;
    let push = collector
        .span("the push of the message", |span| {
            span.name == "realtime push" && span.attribute("waypost.event_kind") == "message"
        })
        .await;
    let publish = collector.one(&push.trace, "event publish").await;
    assert!(push.is_child_of(&publish));
    assert_eq!(push.kind, "consumer");
    for (name, value) in [
        ("messaging.system", "waypost"),
        ("messaging.destination.name", "events"),
        ("messaging.operation.type", "process"),
        ("waypost.number", "2"),
        ("waypost.clients", "1"),
        ("waypost.taken", "true"),
    ] {
        assert_eq!(push.attribute(name), value, "{name}");
    }
    let root = collector.one(&push.trace, "POST /webhook").await;
    assert!(root.parent.is_empty());

    let refused = at(&up, "admin_url").get("/v1/numbers").await.unwrap();
    assert_eq!(refused.status, 401);
    for metric in [
        "waypost_webhooks_total",
        "waypost_batches_total",
        "waypost_attempt_duration_seconds",
        "waypost_realtime_clients",
        "waypost_rpc_requests_total",
        "waypost_queue_entries",
        "waypost_postgres_pool",
        "waypost_build_info",
    ] {
        eventually(SOON, metric, async || {
            collector.metric("waypost", metric).is_some()
        })
        .await;
    }
    let resources = collector.resources();
    assert!(resources.iter().all(|it| it["service.name"] == "waypost"));
    // Whichever service is asked, it is the process that answers.
    for url in up.ready["admin_urls"].as_array().unwrap() {
        let address = url.as_str().unwrap().trim_start_matches("http://");
        let admin = Client::new(address.parse().unwrap(), "");
        let page = admin.get("/metrics").await.unwrap();
        let page = String::from_utf8(page.body.to_vec()).unwrap();
        assert!(page.contains(r#"waypost_webhooks_total{result="accepted"} 1"#));
        assert!(page.contains(r#"waypost_realtime_clients{transport="sse"} 1"#));
    }
    up.stop().await;
}

#[tokio::test]
async fn a_call_of_the_admin_plane_is_in_the_trace_of_its_caller() {
    let (collector, dir) = (Receiver::http(), folder());
    let up = up(&collector, dir.path()).await;
    let plane = at(&up, "admin_url");
    let token = format!("Bearer {}", up.text("admin_token"));
    let traceparent = format!("00-{TRACE}-{PARENT}-01");
    let headers = [("authorization", &*token), ("traceparent", &*traceparent)];
    let body = json!({"phoneNumberId": "106540352242922", "to": "+4915112345678", "text": "Hello"});
    let sent = plane.post_to("/v1/messages:sendText", body.to_string(), &headers);
    let sent = sent.await.unwrap();
    assert_eq!(sent.status, 200);
    let answer: Value = serde_json::from_slice(&sent.body).unwrap();

    let method = "waypost.v1.MessageService/SendText";
    let call = collector.named(method).await;
    assert_eq!((&*call.trace, &*call.parent), (TRACE, PARENT));
    assert_eq!(call.kind, "server");
    for (name, value) in [
        ("rpc.system.name", "grpc"),
        ("rpc.method", method),
        ("rpc.response.status_code", "OK"),
        ("error.type", ""),
    ] {
        assert_eq!(call.attribute(name), value, "{name}");
    }
    let id = sent.headers["x-request-id"].to_str().unwrap();
    assert_eq!(call.attribute("waypost.request_id"), id);
    // The message goes on in that trace.
    let publish = collector.one(&call.trace, "outbox publish").await;
    assert!(publish.is_child_of(&call));
    assert_eq!(publish.attribute("messaging.message.id"), answer["id"]);
    let process = collector.one(&call.trace, "outbox process").await;
    assert!(process.is_child_of(&publish));

    // Without a trace of the caller's, that of the request; and a stranger decides nothing.
    let refused = plane.post_to("/v1/messages:sendText", "{}", &headers[1..]);
    assert_eq!(refused.await.unwrap().status, 401);
    let wrong = plane.post_to("/v1/messages:sendText", "{}", &headers[..1]);
    let wrong = wrong.await.unwrap();
    assert_eq!(wrong.status, 400);
    let id = wrong.headers["x-request-id"].to_str().unwrap();
    let failed = collector
        .span("the span of the call that was wrong", |span| {
            span.name == method && span.trace == id.replace('-', "")
        })
        .await;
    assert_eq!(
        failed.attribute("rpc.response.status_code"),
        "INVALID_ARGUMENT"
    );
    assert_eq!(failed.error, None, "it is not our error");
    let calls = collector.spans();
    let calls = calls.iter().filter(|span| span.name == method);
    assert_eq!(calls.count(), 2, "and none of the one that was refused");
    up.stop().await;
}
