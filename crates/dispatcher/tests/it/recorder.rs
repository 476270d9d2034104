//! A server that keeps what it is asked: a collector of traces, or a Meta whose requests are to be looked at.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response, StatusCode};
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
use tokio::task::JoinHandle;

type Requests = Arc<Mutex<Vec<(Parts, Bytes)>>>;

/// A server that serves until it is dropped.
pub(crate) struct Recorder {
    pub(crate) url: String,
    requests: Requests,
    task: JoinHandle<()>,
}

impl Recorder {
    /// Starts one that answers the n-th request, from 0, so.
    pub(crate) async fn start(answer: fn(usize) -> (u16, &'static str)) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Requests::default();
        let kept = Arc::clone(&requests);
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let kept = Arc::clone(&kept);
                let service = service_fn(move |request| keep(Arc::clone(&kept), answer, request));
                let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                tokio::spawn(served);
            }
        });
        Self {
            url,
            requests,
            task,
        }
    }

    /// One that takes everything.
    pub(crate) async fn collector() -> Self {
        Self::start(|_| (200, "")).await
    }

    /// Heads of what has come so far.
    pub(crate) fn heads(&self) -> Vec<Parts> {
        let requests = self.requests.lock().unwrap();
        requests.iter().map(|(head, _)| head.clone()).collect()
    }

    /// The spans of a trace that have come so far, in the order of their beginnings.
    pub(crate) fn spans(&self, trace: &str) -> Vec<Span> {
        let requests = self.requests.lock().unwrap();
        let exports = requests
            .iter()
            .filter(|(head, _)| head.uri.path() == "/v1/traces")
            .map(|(_, body)| ExportTraceServiceRequest::decode(body.clone()).unwrap());
        let scopes = exports
            .flat_map(|export| export.resource_spans)
            .flat_map(|from| from.scope_spans);
        let spans = scopes.flat_map(|scope| scope.spans);
        let mut spans: Vec<Span> = spans.filter(|span| hex(&span.trace_id) == trace).collect();
        spans.sort_by_key(|span| span.start_time_unix_nano);
        spans
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn keep(
    kept: Requests,
    answer: fn(usize) -> (u16, &'static str),
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let mut requests = kept.lock().unwrap();
    let (status, text) = answer(requests.len());
    requests.push((head, body));
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    Ok(response)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An attribute as text; empty where there is none.
pub(crate) fn attribute(span: &Span, name: &str) -> String {
    let pair = span.attributes.iter().find(|pair| pair.key == name);
    match pair.and_then(|pair| pair.value.clone()?.value) {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        other => {
            assert!(other.is_none(), "{name} is {other:?}");
            String::new()
        }
    }
}
