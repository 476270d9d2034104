//! A collector of traces, and the telemetry of this process, which sends there.

use std::convert::Infallible;
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use waypost_harness::eventually_some;
use waypost_telemetry::{Format, Guard, LogSettings, Protocol, TelemetrySettings};

static SPANS: Mutex<Vec<Span>> = Mutex::new(Vec::new());
static TELEMETRY: OnceLock<Mutex<Guard>> = OnceLock::new();
const PATIENCE: Duration = Duration::from_secs(30);

/// Turns traces on, once for the process. Tests tell their spans apart by trace.
pub(crate) fn on() {
    TELEMETRY.get_or_init(|| {
        let settings = TelemetrySettings {
            endpoint: Some(serve()),
            protocol: Protocol::Http,
            headers: Vec::new(),
            service_name: None,
            sample_ratio: 1.0,
            slow: Duration::from_secs(3600),
            queue: 8192,
            interval: Duration::from_secs(1),
        };
        let log = LogSettings {
            level: "off".to_owned(),
            format: Format::Json,
        };
        let guard = waypost_telemetry::init(&log).unwrap();
        Mutex::new(guard.export(&settings, "waypost-test", "0").unwrap())
    });
}

/// On a thread of its own: it outlives the runtime of each test.
fn serve() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::from_std(listener).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let io = TokioIo::new(stream);
                tokio::spawn(http1::Builder::new().serve_connection(io, service_fn(take)));
            }
        });
    });
    endpoint
}

async fn take(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let is_traces = request.uri().path() == "/v1/traces";
    let body = request.into_body().collect().await.unwrap().to_bytes();
    if is_traces {
        let export = ExportTraceServiceRequest::decode(body).unwrap();
        let scopes = export
            .resource_spans
            .into_iter()
            .flat_map(|from| from.scope_spans);
        let spans = scopes.flat_map(|scope| scope.spans);
        SPANS.lock().unwrap().extend(spans);
    }
    Ok(Response::new(Full::default()))
}

/// All spans of this name in this trace, once there are so many.
pub(crate) async fn spans(trace: &str, name: &str, count: usize) -> Vec<Span> {
    let what = format!("{count} spans `{name}` in {trace}");
    eventually_some(PATIENCE, &what, async || {
        let spans = SPANS.lock().unwrap();
        let found: Vec<Span> = spans
            .iter()
            .filter(|span| span.name == name && hex(&span.trace_id) == trace)
            .cloned()
            .collect();
        (found.len() >= count).then_some(found)
    })
    .await
}

/// The one span of this name in this trace.
pub(crate) async fn span(trace: &str, name: &str) -> Span {
    let mut found = spans(trace, name, 1).await;
    assert_eq!(found.len(), 1, "{name} in {trace}");
    found.remove(0)
}

/// The one span that has this id.
pub(crate) async fn span_at(trace: &[u8], id: &[u8]) -> Span {
    eventually_some(PATIENCE, "the span that is linked to", async || {
        let spans = SPANS.lock().unwrap();
        let found = |span: &&Span| span.trace_id == trace && span.span_id == id;
        spans.iter().find(found).cloned()
    })
    .await
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn is_child(span: &Span, parent: &Span) -> bool {
    span.trace_id == parent.trace_id && span.parent_span_id == parent.span_id
}

pub(crate) fn is_linked(span: &Span, to: &Span) -> bool {
    let meets = |link: &opentelemetry_proto::tonic::trace::v1::span::Link| {
        link.trace_id == to.trace_id && link.span_id == to.span_id
    };
    span.links.iter().any(meets)
}

/// An attribute as text; empty where there is none.
pub(crate) fn attribute(span: &Span, name: &str) -> String {
    let pair = span.attributes.iter().find(|pair| pair.key == name);
    match pair.and_then(|pair| pair.value.clone()?.value) {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::BoolValue(flag)) => flag.to_string(),
        other => {
            assert!(other.is_none(), "{name} is {other:?}");
            String::new()
        }
    }
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap().as_secs()
}
