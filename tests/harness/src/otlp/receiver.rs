use std::net::SocketAddr;
use std::ops::Deref;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
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
use prost::Message;
use tonic::Status;
use tonic::service::Routes;

use super::Received;
use super::server::{ANYWHERE, Server};

/// A collector that serves until it is dropped; its connections end with it. What has come is there by [`Deref`].
#[derive(Debug)]
pub struct Receiver {
    server: Server,
    received: Received,
}

impl Receiver {
    /// Starts one that speaks gRPC.
    pub fn grpc() -> Self {
        Self::grpc_at(ANYWHERE)
    }

    /// The same at an address, which may have been another's a moment ago.
    pub fn grpc_at(address: SocketAddr) -> Self {
        let received = Received::default();
        let routes = Routes::new(TraceServiceServer::new(received.clone()))
            .add_service(MetricsServiceServer::new(received.clone()));
        let service = TowerToHyperService::new(routes);
        let builder = http2::Builder::new(TokioExecutor::new());
        let server = Server::start(address, move |stream| {
            tokio::spawn(builder.serve_connection(TokioIo::new(stream), service.clone()));
        });
        Self { server, received }
    }

    /// Starts one that speaks HTTP.
    pub fn http() -> Self {
        let received = Received::default();
        let takes = received.clone();
        let server = Server::start(ANYWHERE, move |stream| {
            let takes = takes.clone();
            let service = service_fn(move |request| take(takes.clone(), request));
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        });
        Self { server, received }
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// Where to send.
    pub fn url(&self) -> String {
        self.server.url()
    }
}

impl Deref for Receiver {
    type Target = Received;
    fn deref(&self) -> &Received {
        &self.received
    }
}

#[tonic::async_trait]
impl TraceService for Received {
    async fn export(
        &self,
        request: tonic::Request<ExportTraceServiceRequest>,
    ) -> Result<tonic::Response<ExportTraceServiceResponse>, Status> {
        let (head, _, export) = request.into_parts();
        match self.state().take_traces(&head.into_headers(), export) {
            true => Ok(tonic::Response::new(Default::default())),
            false => Err(Status::unavailable("not now")),
        }
    }
}

#[tonic::async_trait]
impl MetricsService for Received {
    async fn export(
        &self,
        request: tonic::Request<ExportMetricsServiceRequest>,
    ) -> Result<tonic::Response<ExportMetricsServiceResponse>, Status> {
        let (head, _, export) = request.into_parts();
        self.state().take_metrics(&head.into_headers(), export);
        Ok(tonic::Response::new(Default::default()))
    }
}

/// The same over HTTP.
async fn take(
    received: Received,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    // What cannot be understood panics with this locked: then whoever looks at what has come does so too.
    let mut state = received.state();
    assert_eq!(head.headers["content-type"], "application/x-protobuf");
    let is_taken = match head.uri.path() {
        "/v1/traces" => {
            let export = ExportTraceServiceRequest::decode(body).expect("an export of spans");
            state.take_traces(&head.headers, export)
        }
        "/v1/metrics" => {
            let export = ExportMetricsServiceRequest::decode(body).expect("an export of metrics");
            state.take_metrics(&head.headers, export);
            true
        }
        other => panic!("{other} is no path of OTLP"),
    };
    let mut response = Response::new(Full::default());
    if !is_taken {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    Ok(response)
}
