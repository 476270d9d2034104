//! The two ways to a collector.

use std::error::Error;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_client::MetricsServiceClient;
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, StatusCode};
use tonic::metadata::MetadataMap;
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};
use tonic::{Code, Request, Status};
use waypost_settings::ExposeSecret;

use crate::settings::{Header, Protocol, TelemetrySettings};

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(2);
/// How long a request may take in all.
const REQUEST: Duration = Duration::from_secs(3);
/// A connection is asked so often whether it is still there: else one that vanished would take requests for minutes.
const ASK: Duration = Duration::from_secs(10);
/// Answers are read as far as this.
const LONGEST_ANSWER: usize = 64 * 1024;
const AGENT: &str = concat!("waypost/", env!("CARGO_PKG_VERSION"));

/// A way to a collector. Connections open when they are needed.
pub(super) enum Transport {
    Grpc {
        channel: Channel,
        headers: MetadataMap,
    },
    Http {
        client: Client,
        endpoint: String,
    },
}

/// Why a request was for nothing.
#[derive(Debug)]
pub(super) struct Failure {
    /// Whether the same may work later.
    pub(super) passes: bool,
    pub(super) why: String,
}

impl Transport {
    /// To be called inside the runtime that will use it.
    pub(super) fn new(settings: &TelemetrySettings, endpoint: &str) -> Result<Self, String> {
        let headers = headers(&settings.headers)?;
        match settings.protocol {
            Protocol::Grpc => Ok(Self::Grpc {
                channel: channel(endpoint).map_err(|error| describe(&error))?,
                headers: MetadataMap::from_headers(headers),
            }),
            Protocol::Http => Ok(Self::Http {
                client: client(headers).map_err(|error| describe(&error))?,
                endpoint: endpoint.to_owned(),
            }),
        }
    }

    /// Sends spans, and tells how many of them the collector refused.
    pub(super) async fn traces(&self, request: ExportTraceServiceRequest) -> Result<u64, Failure> {
        let answer: ExportTraceServiceResponse = match self {
            Self::Grpc { channel, headers } => TraceServiceClient::new(channel.clone())
                .export(with(headers, request))
                .await
                .map_err(|status| refused(&status))?
                .into_inner(),
            Self::Http { client, endpoint } => {
                post(client, format!("{endpoint}/v1/traces"), &request).await?
            }
        };
        let refused = answer
            .partial_success
            .map_or(0, |partial| partial.rejected_spans);
        Ok(u64::try_from(refused).unwrap_or(0))
    }

    /// Sends metrics, and tells how many points the collector refused.
    pub(super) async fn metrics(
        &self,
        request: ExportMetricsServiceRequest,
    ) -> Result<u64, Failure> {
        let answer: ExportMetricsServiceResponse = match self {
            Self::Grpc { channel, headers } => MetricsServiceClient::new(channel.clone())
                .export(with(headers, request))
                .await
                .map_err(|status| refused(&status))?
                .into_inner(),
            Self::Http { client, endpoint } => {
                post(client, format!("{endpoint}/v1/metrics"), &request).await?
            }
        };
        let refused = answer
            .partial_success
            .map_or(0, |partial| partial.rejected_data_points);
        Ok(u64::try_from(refused).unwrap_or(0))
    }
}

fn channel(endpoint: &str) -> Result<Channel, tonic::transport::Error> {
    let mut channel = Endpoint::from_shared(endpoint.to_owned())?
        .user_agent(AGENT)?
        .connect_timeout(CONNECT)
        .timeout(REQUEST)
        .http2_keep_alive_interval(ASK)
        .keep_alive_timeout(REQUEST)
        .keep_alive_while_idle(true);
    if endpoint.starts_with("https://") {
        channel = channel.tls_config(ClientTlsConfig::new().with_native_roots())?;
    }
    Ok(channel.connect_lazy())
}

fn client(headers: HeaderMap) -> reqwest::Result<Client> {
    // The first who comes decides for the process; all of Waypost takes this one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .user_agent(AGENT)
        .default_headers(headers)
        .connect_timeout(CONNECT)
        .timeout(REQUEST)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
}

fn headers(headers: &[Header]) -> Result<HeaderMap, String> {
    let mut map = HeaderMap::new();
    for header in headers {
        let unusable = || format!("the header `{}` cannot be sent", header.name);
        let name = HeaderName::from_bytes(header.name.as_bytes()).map_err(|_| unusable())?;
        let mut value =
            HeaderValue::from_str(header.value.expose_secret()).map_err(|_| unusable())?;
        value.set_sensitive(true);
        map.insert(name, value);
    }
    Ok(map)
}

fn with<T>(headers: &MetadataMap, message: T) -> Request<T> {
    let mut request = Request::new(message);
    *request.metadata_mut() = headers.clone();
    request
}

fn refused(status: &Status) -> Failure {
    let passes = !matches!(
        status.code(),
        Code::InvalidArgument
            | Code::Unauthenticated
            | Code::PermissionDenied
            | Code::Unimplemented
            | Code::NotFound
    );
    let mut why = status.code().to_string();
    if !status.message().is_empty() {
        why = format!("{why}: {}", status.message());
    }
    if let Some(cause) = status.source() {
        why = format!("{why}: {}", describe(cause));
    }
    Failure { passes, why }
}

async fn post<A: Message + Default>(
    client: &Client,
    url: String,
    message: &impl Message,
) -> Result<A, Failure> {
    let request = client
        .post(url)
        .header(CONTENT_TYPE, "application/x-protobuf")
        .body(message.encode_to_vec());
    let lost = |error: reqwest::Error| Failure {
        passes: true,
        why: describe(&error.without_url()),
    };
    let mut response = request.send().await.map_err(lost)?;
    let status = response.status();
    if !status.is_success() {
        let passes = status.is_server_error()
            || matches!(
                status,
                StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT
            );
        let why = format!("HTTP {}", status.as_u16());
        return Err(Failure { passes, why });
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(lost)? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            break;
        }
        body.extend_from_slice(&chunk);
    }
    // Some collectors answer with something else, and have taken it all the same.
    Ok(A::decode(body.as_slice()).unwrap_or_default())
}

/// An error with what caused it: the outer one of HTTP clients says little.
fn describe(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
