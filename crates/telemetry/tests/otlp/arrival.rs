//! What is sent arrives, whole, over both protocols.

use opentelemetry_proto::tonic::metrics::v1::{metric, number_data_point};
use uuid::Uuid;
use waypost_harness::eventually_some;
use waypost_harness::otlp::{Receiver, attributes};
use waypost_telemetry::metrics::label::{Number, Stage};
use waypost_telemetry::metrics::{self, Part, dispatcher, worker};
use waypost_telemetry::trace::{Context, Kind, Tracer, names};
use waypost_telemetry::{Header, Protocol};

use crate::{DEADLINE, SERVICE, export, ids, settings};

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
    let first = collector.named("POST /webhook").await;
    let process = collector.named("process").await;
    let batch = collector.named("persist batch").await;
    let persist = collector.named("persist").await;

    assert_eq!(first.trace, id.simple().to_string());
    assert!(first.parent.is_empty());
    assert_eq!(
        (first.trace.clone(), first.id.clone()),
        ids(Context::of(id, None)),
        "who knows the id can link to it"
    );
    assert_eq!(first.attribute(names::MESSAGE_ID), id.to_string());
    assert_eq!(first.attribute(names::HTTP_STATUS), "200");
    assert!(process.is_child_of(&first));
    assert!(persist.is_child_of(&process));
    assert_ne!(batch.trace, first.trace);
    assert_eq!(batch.links.len(), 2);
    assert!(batch.links[0].leads_to(&process));
    assert!(persist.links[0].leads_to(&batch));
    assert_eq!(persist.attribute(names::DB_SYSTEM), "postgresql");
    assert_eq!(persist.error.as_deref(), Some("deadlock"));
    let kinds = [&first, &process, &persist].map(|span| &*span.kind);
    assert_eq!(kinds, ["server", "consumer", "client"]);
    assert!(first.start <= process.start);

    let resources = collector.resources();
    assert_eq!(resources.len(), 1, "{resources:?}");
    let resource = resources.first().unwrap();
    assert_eq!(resource["service.name"], SERVICE);
    assert_eq!(resource["service.version"], "1.2.3");
    assert!(!resource["service.instance.id"].is_empty());
}

async fn check_metrics(collector: &Receiver, number: &str) {
    let metric = |name: &str| collector.metric(SERVICE, name);
    let find = async || {
        let Some(metric::Data::Gauge(gauge)) = metric("waypost_breaker_state")?.data else {
            panic!("not a gauge");
        };
        let mut points = gauge.data_points.into_iter();
        points.find(|point| attributes(&point.attributes)["number"] == number)
    };
    let point = eventually_some(DEADLINE, "the gauge", find).await;
    assert_eq!(point.value, Some(number_data_point::Value::AsDouble(2.0)));
    let durations = metric("waypost_batch_duration_seconds").unwrap();
    assert_eq!(durations.unit, "s");
    let Some(metric::Data::Histogram(histogram)) = durations.data else {
        panic!("not a histogram");
    };
    assert_eq!(histogram.data_points.len(), Stage::ALL.len());
    assert!(metric("waypost_up_seconds").is_some());
    assert!(
        metric("waypost_rpc_requests_total").is_none(),
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
    let exporter = export(&settings, &collector.url());
    let id = Uuid::now_v7();
    story(exporter.tracer(), id);
    drop(worker::BATCH_DURATION.of(Stage::Parse).start());
    dispatcher::BREAKER_STATE.of(Number::of(number)).set(2.0);
    check_story(&collector, id).await;
    check_metrics(&collector, number).await;
    assert_eq!(collector.credentials(), ["Bearer abc"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spans_and_metrics_arrive_over_grpc() {
    arrives(Receiver::grpc(), Protocol::Grpc, "500301").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spans_and_metrics_arrive_over_http() {
    arrives(Receiver::http(), Protocol::Http, "500302").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_sends_what_waits() {
    let collector = Receiver::grpc();
    let mut settings = settings(Protocol::Grpc);
    settings.interval = std::time::Duration::from_secs(3600);
    let exporter = export(&settings, &collector.url());
    for _ in 0..2000 {
        drop(exporter.tracer().child("last".into(), Context::NONE));
    }
    tokio::task::spawn_blocking(|| drop(exporter))
        .await
        .unwrap();
    assert_eq!(collector.spans().len(), 2000);
    assert!(collector.metric(SERVICE, "waypost_up_seconds").is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_is_busy_for_a_moment_costs_nothing() {
    for (collector, protocol) in [
        (Receiver::grpc(), Protocol::Grpc),
        (Receiver::http(), Protocol::Http),
    ] {
        collector.refuse(2);
        let exporter = export(&settings(protocol), &collector.url());
        drop(exporter.tracer().child("patient".into(), Context::NONE));
        collector.named("patient").await;
        assert_eq!(collector.refusals_left(), 0);
    }
}
