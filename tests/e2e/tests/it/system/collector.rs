//! A collector: takes what comes over gRPC, and keeps it with the name of the service that sent it.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

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
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status};

/// What has come.
#[derive(Clone, Default)]
pub(crate) struct Received(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    spans: Vec<(String, Span)>,
    metrics: BTreeSet<(String, String)>,
    /// Whatever came, as text.
    texts: Vec<String>,
    credentials: BTreeSet<String>,
}

/// A collector that serves until it is dropped; its connections end with it.
pub(crate) struct Collector {
    pub(crate) address: SocketAddr,
    pub(crate) received: Received,
    server: Option<Runtime>,
}

impl Collector {
    /// Starts one.
    pub(crate) fn start() -> Self {
        // On threads of its own, so that a busy test does not hold it up.
        let server = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let entered = server.enter();
        let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0)));
        let address = listener.local_addr().unwrap();
        let received = Received::default();
        let router = Server::builder()
            .add_service(TraceServiceServer::new(received.clone()))
            .add_service(MetricsServiceServer::new(received.clone()));
        server.spawn(router.serve_with_incoming(TcpListenerStream::new(listener)));
        drop(entered);
        Self {
            address,
            received,
            server: Some(server),
        }
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            server.shutdown_background();
        }
    }
}

impl Received {
    /// All spans, each with its service.
    pub(crate) fn spans(&self) -> Vec<(String, Span)> {
        self.state().spans.clone()
    }

    /// Whether this metric of this service has come.
    pub(crate) fn has_metric(&self, service: &str, metric: &str) -> bool {
        let both = (service.to_owned(), metric.to_owned());
        self.state().metrics.contains(&both)
    }

    /// All that came, as text: every name, attribute, label and message in it.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.state().texts.clone()
    }

    /// What was shown as a credential.
    pub(crate) fn credentials(&self) -> BTreeSet<String> {
        self.state().credentials.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn note<T: std::fmt::Debug>(&self, request: &Request<T>) {
        let mut state = self.state();
        let credential = request.metadata().get("authorization");
        let credential = credential.map(|value| value.to_str().unwrap().to_owned());
        state.credentials.extend(credential);
        state.texts.push(format!("{:?}", request.get_ref()));
    }
}

#[tonic::async_trait]
impl TraceService for Received {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.note(&request);
        for from in request.into_inner().resource_spans {
            let service = service(from.resource.as_ref());
            let spans = from.scope_spans.into_iter().flat_map(|scope| scope.spans);
            let spans = spans.map(|span| (service.clone(), span));
            self.state().spans.extend(spans);
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl MetricsService for Received {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        self.note(&request);
        for from in request.into_inner().resource_metrics {
            let service = service(from.resource.as_ref());
            let metrics = from
                .scope_metrics
                .into_iter()
                .flat_map(|scope| scope.metrics);
            let metrics = metrics.map(|metric| (service.clone(), metric.name));
            self.state().metrics.extend(metrics);
        }
        Ok(Response::new(ExportMetricsServiceResponse::default()))
    }
}

/// The name of the service that a resource is.
fn service(resource: Option<&Resource>) -> String {
    let attributes = resource
        .into_iter()
        .flat_map(|resource| &resource.attributes);
    let mut name = attributes.filter(|attribute| attribute.key == "service.name");
    match name
        .next()
        .and_then(|name| name.value.as_ref()?.value.as_ref())
    {
        Some(Value::StringValue(name)) => name.clone(),
        other => panic!("a resource without a name: {other:?}"),
    }
}

/// Listens at an address that was another's a moment ago.
fn listen(address: SocketAddr) -> TcpListener {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind(address).unwrap();
    socket.listen(128).unwrap()
}

/// Takes every connection at an address and never says anything. Tells how many there have been.
pub(crate) fn hanging(address: SocketAddr) -> watch::Receiver<usize> {
    let listener = listen(address);
    let (tell, told) = watch::channel(0);
    tokio::spawn(async move {
        let mut held: Vec<TcpStream> = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            held.push(stream);
            tell.send_replace(held.len());
        }
    });
    told
}
