//! What telemetry costs where it is used: nanoseconds for each call, on one thread and on two.
//!
//! Run with `cargo run --release -p waypost-telemetry --example metric_cost`.

#![expect(clippy::print_stdout, reason = "an example reports to its terminal")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use uuid::Uuid;
use waypost_telemetry::metrics::label::{AttemptClass, Number, Stage, WebhookResult};
use waypost_telemetry::metrics::{dispatcher, ingress, prometheus, worker};
use waypost_telemetry::trace::{self, Context, Tracer, names};
use waypost_telemetry::{Protocol, TelemetrySettings, otlp};

/// Long enough for a stable mean, short enough to wait for.
const RUN: Duration = Duration::from_millis(500);
const ROUNDS: u32 = 1000;

fn main() -> Result<(), waypost_telemetry::TelemetryError> {
    counters();
    let took = Duration::from_micros(700);
    measure("histogram, one label", || {
        worker::BATCH_DURATION
            .of(Stage::Persist)
            .record(black_box(took));
    });
    measure("histogram, timer", || {
        drop(worker::BATCH_DURATION.of(Stage::Persist).start());
    });
    println!();
    let id = Uuid::now_v7();
    measure("span, off", || {
        drop(trace::first("first", id, Context::NONE).attr(names::MESSAGE_ID, id));
    });
    // Nobody listens there: what it costs is making and handing over.
    let unsampled = exporter(0.0)?;
    spans("not sampled", unsampled.tracer(), id);
    let sampled = exporter(1.0)?;
    spans("sampled", sampled.tracer(), id);
    measure("traceparent, made and read", || {
        let text = Context::of(black_box(id), None).traceparent();
        black_box(Context::parse(&text));
    });
    println!();
    let start = Instant::now();
    let bytes = prometheus().len();
    println!(
        "{:36} {:>9.0} µs, {bytes} bytes",
        "scrape",
        start.elapsed().as_secs_f64() * 1e6
    );
    Ok(())
}

fn counters() {
    measure("counter", || ingress::WEBHOOK_BYTES.add(black_box(1)));
    measure("counter, one label", || {
        ingress::WEBHOOKS
            .of(black_box(WebhookResult::Accepted))
            .inc();
    });
    let number = Number::of("100000000000001");
    measure("counter, number kept", || {
        dispatcher::ATTEMPTS
            .of((AttemptClass::Done, black_box(number)))
            .inc();
    });
    measure("counter, number looked up", || {
        let number = Number::of(black_box("100000000000001"));
        dispatcher::ATTEMPTS.of((AttemptClass::Done, number)).inc();
    });
}

fn spans(name: &str, tracer: &'static Tracer, id: Uuid) {
    measure(&format!("span, {name}, no attributes"), || {
        drop(tracer.first("first".into(), black_box(id), Context::NONE));
    });
    measure(&format!("span, {name}, 4 attributes"), || {
        let mut span = tracer
            .child("process".into(), Context::of(black_box(id), None))
            .attr(names::MESSAGING_SYSTEM, names::SYSTEM)
            .attr(names::DESTINATION, "inbox")
            .attr(names::MESSAGE_ID, id);
        span.set(names::BATCH_COUNT, 7);
    });
}

fn exporter(ratio: f64) -> Result<otlp::Exporter, waypost_telemetry::TelemetryError> {
    let settings = TelemetrySettings {
        endpoint: None,
        protocol: Protocol::Grpc,
        headers: Vec::new(),
        service_name: None,
        sample_ratio: ratio,
        slow: Duration::from_secs(2),
        queue: 8192,
        interval: Duration::from_secs(15),
    };
    otlp::start(&settings, "http://127.0.0.1:9", "cost", "0")
}

fn measure(name: &str, work: impl Fn() + Sync) {
    let alone = run(&work);
    let shared = std::thread::scope(|scope| {
        let other = scope.spawn(|| run(&work));
        let here = run(&work);
        other.join().map_or(here, |there| (here + there) / 2.0)
    });
    println!("{name:36} {alone:>9.1} ns, {shared:>7.1} ns on each of two threads");
}

fn run(work: &impl Fn()) -> f64 {
    let (start, mut calls) = (Instant::now(), 0u32);
    while start.elapsed() < RUN {
        (0..ROUNDS).for_each(|_| work());
        calls += ROUNDS;
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(calls)
}
