//! A collector that keeps what it is sent.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use waypost_harness::eventually_some;

use crate::running::SOON;

/// A collector that takes everything until it is dropped.
pub(crate) struct Collector {
    pub(crate) url: String,
    kept: Arc<Mutex<Kept>>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Kept {
    spans: Vec<Span>,
    /// Names of metrics.
    metrics: Vec<String>,
    /// `service.name` of everything.
    services: Vec<String>,
}

impl Collector {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let kept = Arc::<Mutex<Kept>>::default();
        let keeps = Arc::clone(&kept);
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let keeps = Arc::clone(&keeps);
                let service = service_fn(move |request| take(Arc::clone(&keeps), request));
                let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                tokio::spawn(served);
            }
        });
        Self { url, kept, task }
    }

    /// The first span like this.
    pub(crate) async fn span(&self, what: &str, like: impl Fn(&Span) -> bool) -> Span {
        eventually_some(SOON, what, async || {
            let kept = self.kept.lock().unwrap();
            kept.spans.iter().find(|span| like(span)).cloned()
        })
        .await
    }

    /// The one of this name in the trace of another.
    pub(crate) async fn beside(&self, other: &Span, name: &str) -> Span {
        self.span(name, |span| {
            span.name == name && span.trace_id == other.trace_id
        })
        .await
    }

    /// How many spans of this name have come.
    pub(crate) fn count(&self, name: &str) -> usize {
        let kept = self.kept.lock().unwrap();
        kept.spans.iter().filter(|span| span.name == name).count()
    }

    /// Whether a metric of this name has come.
    pub(crate) fn has_metric(&self, name: &str) -> bool {
        let kept = self.kept.lock().unwrap();
        kept.metrics.iter().any(|known| known == name)
    }

    /// From whom things have come.
    pub(crate) fn services(&self) -> Vec<String> {
        let mut services = self.kept.lock().unwrap().services.clone();
        services.sort_unstable();
        services.dedup();
        services
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn take(
    kept: Arc<Mutex<Kept>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let mut kept = kept.lock().unwrap();
    match &*path {
        "/v1/traces" => {
            let export = ExportTraceServiceRequest::decode(body).unwrap();
            for from in export.resource_spans {
                kept.services
                    .push(service(&from.resource.unwrap().attributes));
                let spans = from.scope_spans.into_iter().flat_map(|scope| scope.spans);
                kept.spans.extend(spans);
            }
        }
        "/v1/metrics" => {
            let export = ExportMetricsServiceRequest::decode(body).unwrap();
            for from in export.resource_metrics {
                kept.services
                    .push(service(&from.resource.unwrap().attributes));
                let metrics = from.scope_metrics.into_iter();
                let metrics = metrics.flat_map(|scope| scope.metrics);
                kept.metrics.extend(metrics.map(|metric| metric.name));
            }
        }
        other => panic!("nothing is sent to {other}"),
    }
    Ok(Response::new(Full::default()))
}

fn service(attributes: &[KeyValue]) -> String {
    text(attributes, "service.name")
}

/// An attribute of a span as text; empty where there is none.
pub(crate) fn attribute(span: &Span, name: &str) -> String {
    text(&span.attributes, name)
}

fn text(attributes: &[KeyValue], name: &str) -> String {
    let pair = attributes.iter().find(|pair| pair.key == name);
    match pair.and_then(|pair| pair.value.clone()) {
        Some(AnyValue {
            value: Some(Value::StringValue(text)),
        }) => text,
        Some(AnyValue {
            value: Some(Value::IntValue(number)),
        }) => number.to_string(),
        Some(AnyValue {
            value: Some(Value::BoolValue(flag)),
        }) => flag.to_string(),
        other => {
            assert!(other.is_none(), "{name} is {other:?}");
            String::new()
        }
    }
}

pub(crate) fn is_child(span: &Span, parent: &Span) -> bool {
    span.trace_id == parent.trace_id && span.parent_span_id == parent.span_id
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
