//! Socket.IO: the ordinary socket.io-client on every transport, and clients that keep to nothing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code"
)]

#[path = "../common/mod.rs"]
mod common;
mod ends;
mod node;
mod raw;
mod rude;
mod slow;

use common::{NUMBER, Service, log, number_token};
use node::Node;
use serde_json::json;
use waypost_harness::redis;
use waypost_model::{EffectKey, Event, EventKind};
use waypost_queue::EventLog;

/// The transports as a page may set them. The last is the default: it polls first, and becomes a WebSocket when it can.
const TRANSPORTS: [&[&str]; 3] = [&["websocket"], &["polling"], &["polling", "websocket"]];

/// Publishes events with these numbers, of about this many bytes each.
async fn publish(log: &EventLog, range: std::ops::Range<u64>, bytes: usize) {
    let event = |n: u64| {
        let id = EffectKey::message(NUMBER, &n.to_string());
        let body = json!({ "n": n, "text": "x".repeat(bytes) });
        Event::new(id, EventKind::Message, NUMBER, &body).unwrap()
    };
    let events: Vec<Event> = range.map(event).collect();
    for some in events.chunks(200) {
        log.publish(some).await.unwrap();
    }
}

fn numbers(range: std::ops::Range<u64>) -> Vec<u64> {
    range.collect()
}

#[tokio::test]
async fn every_transport_is_told_what_happens_in_order() {
    let redis = redis().await;
    let log = log(&redis.url, &redis.prefix, 1_000_000).await;
    let service = Service::start(&redis.url, &redis.prefix, &[]).await;
    let (mut nodes, mut from) = (Vec::new(), 0);
    for transports in TRANSPORTS {
        let mut node = Node::connect(&service.url(""), transports, json!(number_token())).await;
        let opened = node.opened().await;
        assert!(transports.contains(&&*opened), "{opened}");
        nodes.push(node);
    }
    for to in [1, 5, 200] {
        // And nothing else.
        log.publish(&common::events("777", from..to)).await.unwrap();
        publish(&log, from..to, 10).await;
        for node in &mut nodes {
            assert_eq!(node.numbers((to - from) as usize).await, numbers(from..to));
        }
        from = to;
    }
    service.ended().await;
}

#[tokio::test]
async fn a_client_that_polls_becomes_a_websocket() {
    let redis = redis().await;
    let log = log(&redis.url, &redis.prefix, 1_000_000).await;
    let service = Service::start(&redis.url, &redis.prefix, &[]).await;
    let token = json!(number_token());
    let mut node = Node::connect(&service.url(""), TRANSPORTS[2], token).await;
    node.upgraded().await;
    publish(&log, 0..100, 10).await;
    assert_eq!(node.numbers(100).await, numbers(0..100));
}

/// Much more than a session holds, from Redis and from what the hub remembers; while it becomes a WebSocket, too.
#[tokio::test]
async fn thousands_of_missed_events_come_in_order_on_every_transport() {
    let redis = redis().await;
    let log = log(&redis.url, &redis.prefix, 1_000_000).await;
    publish(&log, 0..5_000, 600).await;
    let service = Service::start(&redis.url, &redis.prefix, &[]).await;
    for transports in TRANSPORTS {
        let token = json!(number_token());
        let mut node = Node::resume(&service.url(""), transports, token, Some("0-0")).await;
        node.opened().await;
        assert_eq!(node.numbers(5_000).await, numbers(0..5_000));
    }
    // Some of these are large: more than a poll gets at once.
    publish(&log, 5_000..6_000, 600).await;
    publish(&log, 6_000..6_010, 300_000).await;
    publish(&log, 6_010..7_000, 600).await;
    for transports in TRANSPORTS {
        let token = json!(number_token());
        let mut node = Node::resume(&service.url(""), transports, token, Some("0-0")).await;
        node.opened().await;
        assert_eq!(node.numbers(7_000).await, numbers(0..7_000));
    }
}

#[tokio::test]
async fn a_client_goes_on_where_it_was() {
    let redis = redis().await;
    let log = log(&redis.url, &redis.prefix, 1_000_000).await;
    publish(&log, 0..10, 10).await;
    let service = Service::start(&redis.url, &redis.prefix, &[]).await;
    let token = json!(number_token());
    let url = service.url("");
    let mut first = Node::resume(&url, TRANSPORTS[0], token.clone(), Some("0-0")).await;
    first.opened().await;
    let mut position = String::new();
    for n in 0..4 {
        let (_, event) = first.news().await;
        assert_eq!(event["data"]["n"], n);
        event["position"]
            .as_str()
            .unwrap()
            .clone_into(&mut position);
    }
    drop(first);
    let mut second = Node::resume(&url, TRANSPORTS[1], token, Some(&position)).await;
    second.opened().await;
    assert_eq!(second.numbers(6).await, numbers(4..10));
}
