//! A collector: takes what comes over gRPC or HTTP and keeps it.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::{
    MetricsService, MetricsServiceServer,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::time::sleep;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::Status;
use tonic::transport::Server;

use crate::DEADLINE;

/// What has come.
#[derive(Clone, Default)]
pub(crate) struct Received(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    spans: Vec<Span>,
    metrics: Vec<Metric>,
    resources: Vec<Resource>,
    credentials: Vec<String>,
    /// So many requests are refused first.
    refusals: u32,
}

/// A collector that serves until it is dropped.
pub(crate) struct Receiver {
    pub(crate) endpoint: String,
    pub(crate) received: Received,
    /// Its own, so that its connections end with it.
    server: Option<Runtime>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            server.shutdown_background();
        }
    }
}

/// Serves at `address`, on a thread of its own.
async fn serve<F>(address: &str, serve: impl FnOnce(TcpListener, Received) -> F) -> Receiver
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut listener = TcpListener::bind(address).await;
    let start = Instant::now();
    // One that was there before may need a moment to go.
    while listener.is_err() && start.elapsed() < DEADLINE {
        sleep(Duration::from_millis(10)).await;
        listener = TcpListener::bind(address).await;
    }
    let listener = listener.unwrap().into_std().unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let server = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let received = Received::default();
    let entered = server.enter();
    let listener = TcpListener::from_std(listener).unwrap();
    server.spawn(serve(listener, received.clone()));
    drop(entered);
    Receiver {
        endpoint,
        received,
        server: Some(server),
    }
}

impl Received {
    pub(crate) fn span(&self, name: &str) -> Option<Span> {
        let state = self.0.lock().unwrap();
        state.spans.iter().find(|span| span.name == name).cloned()
    }

    pub(crate) fn count(&self) -> usize {
        self.0.lock().unwrap().spans.len()
    }

    pub(crate) fn metric(&self, name: &str) -> Option<Metric> {
        let state = self.0.lock().unwrap();
        let mut latest = state.metrics.iter().rev();
        latest.find(|metric| metric.name == name).cloned()
    }

    pub(crate) fn resource(&self) -> Option<Resource> {
        self.0.lock().unwrap().resources.first().cloned()
    }

    pub(crate) fn credentials(&self) -> Vec<String> {
        self.0.lock().unwrap().credentials.clone()
    }

    pub(crate) fn refuse(&self, requests: u32) {
        self.0.lock().unwrap().refusals = requests;
    }

    pub(crate) fn refusals_left(&self) -> u32 {
        self.0.lock().unwrap().refusals
    }

    /// Whether this request is taken.
    fn greet(&self, credential: Option<&str>) -> bool {
        let mut state = self.0.lock().unwrap();
        state.credentials.extend(credential.map(str::to_owned));
        let refused = state.refusals > 0;
        state.refusals = state.refusals.saturating_sub(1);
        !refused
    }

    fn take_spans(&self, request: ExportTraceServiceRequest) {
        let mut state = self.0.lock().unwrap();
        for from in request.resource_spans {
            state.resources.extend(from.resource);
            let scopes = from.scope_spans.into_iter();
            state.spans.extend(scopes.flat_map(|scope| scope.spans));
        }
    }

    fn take_metrics(&self, request: ExportMetricsServiceRequest) {
        let mut state = self.0.lock().unwrap();
        for from in request.resource_metrics {
            let scopes = from.scope_metrics.into_iter();
            state.metrics.extend(scopes.flat_map(|scope| scope.metrics));
        }
    }
}

fn credential<T>(request: &tonic::Request<T>) -> Option<&str> {
    request.metadata().get("authorization")?.to_str().ok()
}

#[tonic::async_trait]
impl TraceService for Received {
    async fn export(
        &self,
        request: tonic::Request<ExportTraceServiceRequest>,
    ) -> Result<tonic::Response<ExportTraceServiceResponse>, Status> {
        if !self.greet(credential(&request)) {
            return Err(Status::unavailable("not now"));
        }
        self.take_spans(request.into_inner());
        Ok(tonic::Response::new(Default::default()))
    }
}

#[tonic::async_trait]
impl MetricsService for Received {
    async fn export(
        &self,
        request: tonic::Request<ExportMetricsServiceRequest>,
    ) -> Result<tonic::Response<ExportMetricsServiceResponse>, Status> {
        self.take_metrics(request.into_inner());
        Ok(tonic::Response::new(Default::default()))
    }
}

pub(crate) async fn grpc() -> Receiver {
    grpc_at("127.0.0.1:0").await
}

pub(crate) async fn grpc_at(address: &str) -> Receiver {
    let router = |listener, received: Received| async {
        let router = Server::builder()
            .add_service(TraceServiceServer::new(received.clone()))
            .add_service(MetricsServiceServer::new(received));
        let connections = TcpListenerStream::new(listener);
        router.serve_with_incoming(connections).await.unwrap();
    };
    serve(address, router).await
}

pub(crate) async fn http() -> Receiver {
    let accept = |listener: TcpListener, received: Received| async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let received = received.clone();
            let service = service_fn(move |request| answer(received.clone(), request));
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            tokio::spawn(connection);
        }
    };
    serve("127.0.0.1:0", accept).await
}

async fn answer(
    received: Received,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    assert_eq!(head.headers["content-type"], "application/x-protobuf");
    let body = body.collect().await.unwrap().to_bytes();
    let header = head.headers.get("authorization");
    let mut response = Response::new(Full::default());
    match head.uri.path() {
        "/v1/traces" if received.greet(header.and_then(|value| value.to_str().ok())) => {
            received.take_spans(ExportTraceServiceRequest::decode(body).unwrap());
        }
        "/v1/traces" => *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE,
        "/v1/metrics" => received.take_metrics(ExportMetricsServiceRequest::decode(body).unwrap()),
        other => panic!("{other} is no path of OTLP"),
    }
    Ok(response)
}
