//! What is sent arrives, whole, over both protocols.

use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::{metric, number_data_point};
use opentelemetry_proto::tonic::trace::v1::Span;
use uuid::Uuid;
use waypost_telemetry::metrics::label::{Number, Stage};
use waypost_telemetry::metrics::{self, Part, dispatcher, worker};
use waypost_telemetry::trace::{Context, Kind, Tracer, names};
use waypost_telemetry::{Header, Protocol};

use crate::receiver::{self, Receiver};
use crate::{eventually, export, ids, settings};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn text(attributes: &[KeyValue], name: &str) -> String {
    let pair = attributes.iter().find(|pair| pair.key == name).unwrap();
    match pair.value.clone().unwrap().value.unwrap() {
        any_value::Value::StringValue(text) => text,
        any_value::Value::IntValue(number) => number.to_string(),
        other => panic!("{name} is {other:?}"),
    }
}

fn is_child(span: &Span, parent: &Span) -> bool {
    span.trace_id == parent.trace_id && span.parent_span_id == parent.span_id
}

/// One message through two services: received, stored in a batch with another one.
fn story(tracer: &'static Tracer, id: Uuid) {
    let mut first = tracer
        .first("POST /webhook".into(), id, Context::NONE)
        .kind(Kind::Server)
        .attr(names::MESSAGE_ID, id);
    first.set(names::HTTP_STATUS, 200);
    // As the envelope carries it to the other service.
    let carried = first.context().traceparent();
    drop(first);

    let context = Context::parse(&carried);
    let process = tracer.child("process".into(), context).kind(Kind::Consumer);
    let other = Context::of(Uuid::now_v7(), None);
    let batch = tracer.batch("persist batch".into(), [process.context(), other]);
    let mut persist = tracer
        .child("persist".into(), process.context())
        .kind(Kind::Client)
        .link(batch.context())
        .attr(names::DB_SYSTEM, "postgresql");
    persist.error("deadlock");
}

async fn check_story(collector: &Receiver, id: Uuid) {
    let received = &collector.received;
    let first = eventually("the first span", || received.span("POST /webhook")).await;
    let process = eventually("process", || received.span("process")).await;
    let batch = eventually("the batch", || received.span("persist batch")).await;
    let persist = eventually("persist", || received.span("persist")).await;

    assert_eq!(hex(&first.trace_id), id.simple().to_string());
    assert!(first.parent_span_id.is_empty());
    assert_eq!(
        (hex(&first.trace_id), hex(&first.span_id)),
        ids(Context::of(id, None)),
        "who knows the id can link to it"
    );
    assert_eq!(text(&first.attributes, names::MESSAGE_ID), id.to_string());
    assert_eq!(text(&first.attributes, names::HTTP_STATUS), "200");
    assert!(is_child(&process, &first));
    assert!(is_child(&persist, &process));
    assert_ne!(batch.trace_id, first.trace_id);
    assert_eq!(batch.links.len(), 2);
    assert_eq!(batch.links[0].span_id, process.span_id);
    assert_eq!(persist.links[0].trace_id, batch.trace_id);
    assert_eq!(persist.links[0].span_id, batch.span_id);
    assert_eq!(text(&persist.attributes, names::DB_SYSTEM), "postgresql");
    assert_eq!(persist.status.unwrap().message, "deadlock");
    assert_eq!((first.kind, process.kind, persist.kind), (2, 5, 3));
    assert!(first.start_time_unix_nano <= process.start_time_unix_nano);

    let resource = received.resource().unwrap();
    assert_eq!(text(&resource.attributes, "service.name"), "waypost-test");
    assert_eq!(text(&resource.attributes, "service.version"), "1.2.3");
    assert!(!text(&resource.attributes, "service.instance.id").is_empty());
}

async fn check_metrics(collector: &Receiver, number: &str) {
    let received = &collector.received;
    let find = || {
        let metric = received.metric("waypost_breaker_state")?;
        let Some(metric::Data::Gauge(gauge)) = metric.data else {
            panic!("not a gauge");
        };
        let of_number = |attributes: &[KeyValue]| text(attributes, "number") == number;
        let mut points = gauge.data_points.into_iter();
        points.find(|point| of_number(&point.attributes))
    };
    let point = eventually("the gauge", find).await;
    assert_eq!(point.value, Some(number_data_point::Value::AsDouble(2.0)));
    let durations = received.metric("waypost_batch_duration_seconds").unwrap();
    assert_eq!(durations.unit, "s");
    let Some(metric::Data::Histogram(histogram)) = durations.data else {
        panic!("not a histogram");
    };
    assert_eq!(histogram.data_points.len(), Stage::ALL.len());
    assert!(received.metric("waypost_up_seconds").is_some());
    assert!(
        received.metric("waypost_rpc_requests_total").is_none(),
        "not a part of this process"
    );
}

async fn arrives(collector: Receiver, protocol: Protocol, number: &str) {
    metrics::enable(Part::Worker);
    metrics::enable(Part::Dispatcher);
    let mut settings = settings(protocol);
    settings.headers.push(Header {
        name: "authorization".to_owned(),
        value: "Bearer abc".to_owned().into(),
    });
    let exporter = export(&settings, &collector.endpoint);
    let id = Uuid::now_v7();
    story(exporter.tracer(), id);
    drop(worker::BATCH_DURATION.of(Stage::Parse).start());
    dispatcher::BREAKER_STATE.of(Number::of(number)).set(2.0);
    check_story(&collector, id).await;
    check_metrics(&collector, number).await;
    let credentials = collector.received.credentials();
    assert!(!credentials.is_empty() && credentials.iter().all(|given| given == "Bearer abc"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spans_and_metrics_arrive_over_grpc() {
    arrives(receiver::grpc().await, Protocol::Grpc, "500301").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spans_and_metrics_arrive_over_http() {
    arrives(receiver::http().await, Protocol::Http, "500302").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_sends_what_waits() {
    let collector = receiver::grpc().await;
    let mut settings = settings(Protocol::Grpc);
    settings.interval = std::time::Duration::from_secs(3600);
    let exporter = export(&settings, &collector.endpoint);
    for _ in 0..2000 {
        drop(exporter.tracer().child("last".into(), Context::NONE));
    }
    tokio::task::spawn_blocking(|| drop(exporter))
        .await
        .unwrap();
    assert_eq!(collector.received.count(), 2000);
    assert!(collector.received.metric("waypost_up_seconds").is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_is_busy_for_a_moment_costs_nothing() {
    for (collector, protocol) in [
        (receiver::grpc().await, Protocol::Grpc),
        (receiver::http().await, Protocol::Http),
    ] {
        collector.received.refuse(2);
        let exporter = export(&settings(protocol), &collector.endpoint);
        drop(exporter.tracer().child("patient".into(), Context::NONE));
        eventually("the span", || collector.received.span("patient")).await;
        assert_eq!(collector.received.refusals_left(), 0);
    }
}
