//! A collector that hangs or is away holds up nobody, and takes no memory.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use waypost_harness::otlp::{Hanging, Receiver};
use waypost_harness::{eventually, eventually_some};
use waypost_telemetry::Protocol;
use waypost_telemetry::metrics::common;
use waypost_telemetry::metrics::label::Signal;
use waypost_telemetry::otlp::LAST_WORDS;
use waypost_telemetry::trace::Context;

use crate::{DEADLINE, export, settings};

/// What is dropped is counted for the whole process, so one at a time.
static ALONE: Mutex<()> = Mutex::const_new(());

/// Spans that may be waiting anywhere: the queue, and one request.
const HELD: u64 = 64 + 512;
const SPANS: u64 = 50_000;

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
    let collector = Hanging::start();
    holds_up_nobody(Protocol::Grpc, &collector.url());
    holds_up_nobody(Protocol::Http, &collector.url());
}

#[tokio::test]
async fn one_that_is_away() {
    let _alone = ALONE.lock().await;
    // Nobody listens there any more.
    let endpoint = Hanging::start().url();
    holds_up_nobody(Protocol::Grpc, &endpoint);
    holds_up_nobody(Protocol::Http, &endpoint);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_comes_back_is_found_again() {
    let _alone = ALONE.lock().await;
    let collector = Receiver::grpc();
    let exporter = export(&settings(Protocol::Grpc), &collector.url());
    drop(exporter.tracer().child("before".into(), Context::NONE));
    collector.named("before").await;
    let address = collector.address();
    drop(collector);

    let before = dropped();
    drop(exporter.tracer().child("meanwhile".into(), Context::NONE));
    eventually(DEADLINE, "the loss", async || dropped() > before).await;

    let again = Receiver::grpc_at(address);
    let seen = async || {
        drop(exporter.tracer().child("after".into(), Context::NONE));
        again.spans().into_iter().find(|span| span.name == "after")
    };
    eventually_some(DEADLINE, "the span after", seen).await;
}
