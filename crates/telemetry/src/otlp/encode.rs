//! Spans and metrics in the words of OTLP.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint,
    ResourceMetrics, ScopeMetrics, Sum, metric, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Link, SpanKind};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};

use super::resource::scope;
use crate::metrics::{self, Family, Point};
use crate::trace::{self, Context, Kind, Record};

/// The flag of W3C Trace Context, which OTLP has in the low byte.
const SAMPLED: u32 = 1;

/// A request with these spans.
pub(super) fn spans(resource: &Resource, records: &[Box<Record>]) -> ExportTraceServiceRequest {
    let (steady, wall) = (Instant::now(), SystemTime::now());
    let spans = records.iter().map(|record| span(record, steady, wall));
    let scope_spans = ScopeSpans {
        scope: Some(scope()),
        spans: spans.collect(),
        ..ScopeSpans::default()
    };
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(resource.clone()),
            scope_spans: vec![scope_spans],
            ..ResourceSpans::default()
        }],
    }
}

fn span(record: &Record, steady: Instant, wall: SystemTime) -> Span {
    let (start, end) = record.times(steady, wall);
    let attributes = record.attributes.iter();
    Span {
        trace_id: trace_id(record.context),
        span_id: span_id(record.context.span()),
        parent_span_id: match record.parent {
            0 => Vec::new(),
            parent => span_id(parent),
        },
        flags: SAMPLED,
        name: record.name.clone().into_owned(),
        kind: kind(record.kind) as i32,
        start_time_unix_nano: nanos(start),
        end_time_unix_nano: nanos(end),
        attributes: attributes
            .map(|(name, value)| key_value(name, attribute(value)))
            .collect(),
        dropped_attributes_count: record.dropped_attributes,
        links: record.links.iter().copied().map(link).collect(),
        dropped_links_count: record.dropped_links,
        status: match &record.status {
            trace::Status::Unset => None,
            trace::Status::Error(why) => Some(Status {
                message: why.clone().into_owned(),
                code: StatusCode::Error as i32,
            }),
        },
        ..Span::default()
    }
}

fn link(context: Context) -> Link {
    Link {
        trace_id: trace_id(context),
        span_id: span_id(context.span()),
        flags: SAMPLED,
        ..Link::default()
    }
}

fn trace_id(context: Context) -> Vec<u8> {
    context.trace().to_be_bytes().to_vec()
}

fn span_id(id: u64) -> Vec<u8> {
    id.to_be_bytes().to_vec()
}

fn kind(kind: Kind) -> SpanKind {
    match kind {
        Kind::Internal => SpanKind::Internal,
        Kind::Server => SpanKind::Server,
        Kind::Client => SpanKind::Client,
        Kind::Producer => SpanKind::Producer,
        Kind::Consumer => SpanKind::Consumer,
    }
}

fn attribute(value: &trace::Value) -> any_value::Value {
    match value {
        trace::Value::Text(value) => text(value.as_ref()),
        trace::Value::Int(value) => any_value::Value::IntValue(*value),
        trace::Value::Float(value) => any_value::Value::DoubleValue(*value),
        trace::Value::Bool(value) => any_value::Value::BoolValue(*value),
        trace::Value::Id(value) => text(value.to_string()),
    }
}

/// A request with these metrics, cumulative since `start`.
pub(super) fn metrics(
    resource: &Resource,
    families: &[Family],
    start: SystemTime,
) -> ExportMetricsServiceRequest {
    let (start, now) = (nanos(start), nanos(SystemTime::now()));
    let metrics = families.iter().map(|family| metric(family, start, now));
    let scope_metrics = ScopeMetrics {
        scope: Some(scope()),
        metrics: metrics.collect(),
        ..ScopeMetrics::default()
    };
    ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: Some(resource.clone()),
            scope_metrics: vec![scope_metrics],
            ..ResourceMetrics::default()
        }],
    }
}

fn metric(family: &Family, start: u64, now: u64) -> Metric {
    let desc = &family.desc;
    let numbers = || {
        let points = family.points.iter();
        points.map(|point| number(point, start, now)).collect()
    };
    let cumulative = AggregationTemporality::Cumulative as i32;
    let data = match desc.kind {
        metrics::Kind::Counter => metric::Data::Sum(Sum {
            data_points: numbers(),
            aggregation_temporality: cumulative,
            is_monotonic: true,
        }),
        metrics::Kind::Gauge => metric::Data::Gauge(Gauge {
            data_points: numbers(),
        }),
        metrics::Kind::Histogram => {
            let points = family.points.iter();
            metric::Data::Histogram(Histogram {
                data_points: points.map(|point| spread(point, start, now)).collect(),
                aggregation_temporality: cumulative,
            })
        }
    };
    Metric {
        name: desc.name.to_owned(),
        description: desc.help.to_owned(),
        unit: desc.unit.ucum().to_owned(),
        data: Some(data),
        ..Metric::default()
    }
}

fn number(point: &Point, start: u64, now: u64) -> NumberDataPoint {
    let value = match &point.value {
        metrics::Value::Count(count) => {
            number_data_point::Value::AsInt(i64::try_from(*count).unwrap_or(i64::MAX))
        }
        other => number_data_point::Value::AsDouble(other.total()),
    };
    NumberDataPoint {
        attributes: labels(point),
        start_time_unix_nano: start,
        time_unix_nano: now,
        value: Some(value),
        ..NumberDataPoint::default()
    }
}

fn spread(point: &Point, start: u64, now: u64) -> HistogramDataPoint {
    let metrics::Value::Spread {
        bounds,
        counts,
        sum,
    } = &point.value
    else {
        return HistogramDataPoint::default();
    };
    HistogramDataPoint {
        attributes: labels(point),
        start_time_unix_nano: start,
        time_unix_nano: now,
        count: counts.iter().sum(),
        sum: Some(*sum),
        bucket_counts: counts.clone(),
        explicit_bounds: bounds.clone(),
        ..HistogramDataPoint::default()
    }
}

fn labels(point: &Point) -> Vec<KeyValue> {
    let labels = point.labels.iter();
    labels
        .map(|(name, value)| key_value(name, text(*value)))
        .collect()
}

pub(super) fn key_value(name: &str, value: any_value::Value) -> KeyValue {
    KeyValue {
        key: name.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

pub(super) fn text(value: impl Into<String>) -> any_value::Value {
    any_value::Value::StringValue(value.into())
}

fn nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
