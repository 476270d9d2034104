use std::time::Duration;

use uuid::Uuid;

use super::*;
use crate::metrics::{Desc, Unit, Value};
use crate::trace::Tracer;

fn only(request: &ExportTraceServiceRequest) -> Span {
    let mut spans = request.resource_spans[0].scope_spans[0].spans.clone();
    assert_eq!(spans.len(), 1);
    spans.remove(0)
}

fn data(family: Family) -> Metric {
    let start = UNIX_EPOCH + Duration::from_secs(1);
    let request = metrics(&Resource::default(), &[family], start);
    request.resource_metrics[0].scope_metrics[0].metrics[0].clone()
}

fn family(kind: metrics::Kind, unit: Unit, value: Value) -> Family {
    Family {
        desc: Desc {
            name: "m",
            help: "M.",
            unit,
            kind,
        },
        points: vec![Point {
            labels: vec![("stage", "parse")],
            value,
        }],
    }
}

#[test]
fn a_span_keeps_what_it_was_given() {
    let (tracer, records) = Tracer::leak(1.0, Duration::from_secs(60), 8);
    let id = Uuid::now_v7();
    let parent = Context::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    let linked = Context::of(id, None);
    let mut span = tracer
        .child("persist".into(), parent)
        .kind(Kind::Client)
        .attr("id", id)
        .attr("rows", 3usize)
        .attr("part", 0.5)
        .attr("new", true)
        .link(linked);
    span.error("away");
    drop(span);
    let record = records.recv().unwrap();
    let span = only(&spans(&Resource::default(), &[record]));
    assert_eq!(span.name, "persist");
    assert_eq!(span.trace_id, parent.trace().to_be_bytes());
    assert_eq!(span.parent_span_id, parent.span().to_be_bytes());
    assert_ne!(span.span_id, span.parent_span_id);
    assert_eq!(span.kind, SpanKind::Client as i32);
    assert_eq!(span.links[0].trace_id, linked.trace().to_be_bytes());
    assert_eq!(span.links[0].span_id, linked.span().to_be_bytes());
    let status = span.status.unwrap();
    assert_eq!((status.code, status.message.as_str()), (2, "away"));
    assert!(span.end_time_unix_nano >= span.start_time_unix_nano);
    let age = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_nanos() as u64
        - span.start_time_unix_nano;
    assert!(age < 60_000_000_000, "it began {age} ns ago");
    let values: Vec<_> = span
        .attributes
        .into_iter()
        .map(|pair| (pair.key, pair.value.unwrap().value.unwrap()))
        .collect();
    assert_eq!(
        values,
        [
            ("id".to_owned(), text(id.to_string())),
            ("rows".to_owned(), any_value::Value::IntValue(3)),
            ("part".to_owned(), any_value::Value::DoubleValue(0.5)),
            ("new".to_owned(), any_value::Value::BoolValue(true)),
        ]
    );
}

#[test]
fn counters_are_cumulative_and_grow() {
    let metric = data(family(metrics::Kind::Counter, Unit::Bytes, Value::Count(7)));
    assert_eq!((metric.name.as_str(), metric.unit.as_str()), ("m", "By"));
    let Some(metric::Data::Sum(sum)) = metric.data else {
        panic!("not a sum");
    };
    assert!(sum.is_monotonic);
    assert_eq!(
        sum.aggregation_temporality,
        AggregationTemporality::Cumulative as i32
    );
    let point = &sum.data_points[0];
    assert_eq!(point.value, Some(number_data_point::Value::AsInt(7)));
    assert_eq!(point.start_time_unix_nano, 1_000_000_000);
    assert_eq!(point.attributes, [key_value("stage", text("parse"))]);
}

#[test]
fn histograms_have_a_bucket_more_than_bounds() {
    let value = Value::Spread {
        bounds: vec![0.1, 1.0],
        counts: vec![1, 2, 3],
        sum: 9.5,
    };
    let metric = data(family(metrics::Kind::Histogram, Unit::Seconds, value));
    assert_eq!(metric.unit, "s");
    let Some(metric::Data::Histogram(histogram)) = metric.data else {
        panic!("not a histogram");
    };
    let point = &histogram.data_points[0];
    assert_eq!((point.count, point.sum), (6, Some(9.5)));
    assert_eq!(point.bucket_counts, [1, 2, 3]);
    assert_eq!(point.explicit_bounds, [0.1, 1.0]);
}

#[test]
fn gauges_say_where_they_stand() {
    let metric = data(family(metrics::Kind::Gauge, Unit::None, Value::Level(2.5)));
    let Some(metric::Data::Gauge(gauge)) = metric.data else {
        panic!("not a gauge");
    };
    assert_eq!(
        gauge.data_points[0].value,
        Some(number_data_point::Value::AsDouble(2.5))
    );
}
