//! A collector that hangs or is away holds up nobody, and takes no memory.

use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::sync::Mutex;
use waypost_telemetry::Protocol;
use waypost_telemetry::metrics::common;
use waypost_telemetry::metrics::label::Signal;
use waypost_telemetry::otlp::LAST_WORDS;
use waypost_telemetry::trace::Context;

use crate::receiver;
use crate::{eventually, export, settings};

/// What is dropped is counted for the whole process, so one at a time.
static ALONE: Mutex<()> = Mutex::const_new(());

/// Spans that may be waiting anywhere: the queue, and one request.
const HELD: u64 = 64 + 512;
const SPANS: u64 = 50_000;

/// A socket that connects and never says anything.
async fn mute() -> (String, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    (endpoint, listener)
}

/// An address at which nobody listens.
async fn nobody() -> String {
    mute().await.0
}

fn dropped() -> u64 {
    common::TELEMETRY_DROPPED.of(Signal::Traces).get()
}

/// Makes spans as fast as it can, and ends; on a runtime with a single thread, which neither may need.
fn holds_up_nobody(protocol: Protocol, endpoint: &str) {
    let mut settings = settings(protocol);
    settings.queue = 64;
    let exporter = export(&settings, endpoint);
    let before = dropped();
    let start = Instant::now();
    for _ in 0..SPANS {
        drop(exporter.tracer().child("x".into(), Context::NONE));
    }
    let took = start.elapsed();
    // A microsecond or so each; one that waited for a request would have taken a second.
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert!(dropped() - before >= SPANS - HELD, "{}", dropped() - before);
    let start = Instant::now();
    drop(exporter);
    let took = start.elapsed();
    assert!(took < LAST_WORDS + Duration::from_secs(1), "{took:?}");
}

#[tokio::test]
async fn one_that_hangs() {
    let _alone = ALONE.lock().await;
    let (endpoint, _listener) = mute().await;
    holds_up_nobody(Protocol::Grpc, &endpoint);
    holds_up_nobody(Protocol::Http, &endpoint);
}

#[tokio::test]
async fn one_that_is_away() {
    let _alone = ALONE.lock().await;
    let endpoint = nobody().await;
    holds_up_nobody(Protocol::Grpc, &endpoint);
    holds_up_nobody(Protocol::Http, &endpoint);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_comes_back_is_found_again() {
    let _alone = ALONE.lock().await;
    let collector = receiver::grpc().await;
    let exporter = export(&settings(Protocol::Grpc), &collector.endpoint);
    drop(exporter.tracer().child("before".into(), Context::NONE));
    eventually("the span before", || collector.received.span("before")).await;
    let address = collector
        .endpoint
        .strip_prefix("http://")
        .unwrap()
        .to_owned();
    drop(collector);

    let before = dropped();
    drop(exporter.tracer().child("meanwhile".into(), Context::NONE));
    eventually("the loss", || (dropped() > before).then_some(())).await;

    let again = receiver::grpc_at(&address).await;
    let seen = || {
        drop(exporter.tracer().child("after".into(), Context::NONE));
        again.received.span("after")
    };
    eventually("the span after", seen).await;
}
