//! A connection to the monitor: the clients of each service, with our token on every call.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Request, Response, Status};
use waypost_rpc::v1::audit_service_client::AuditServiceClient;
use waypost_rpc::v1::dead_letter_service_client::DeadLetterServiceClient;
use waypost_rpc::v1::message_service_client::MessageServiceClient;
use waypost_rpc::v1::number_service_client::NumberServiceClient;
use waypost_rpc::v1::queue_service_client::QueueServiceClient;
use waypost_rpc::v1::realtime_service_client::RealtimeServiceClient;
use waypost_settings::{ExposeSecret, SecretString};

use super::cli::Access;
use super::fault::{self, Fault, Kind};
use super::reach::Reach;
use super::screen::Screen;
use super::text::time;

/// A page of messages with their bodies is larger than tonic lets pass by itself.
const LARGEST_ANSWER: usize = 256 << 20;

pub(crate) type Connection = InterceptedService<Channel, Bearer>;

pub(crate) struct Session {
    pub(crate) screen: Screen,
    pub(crate) address: String,
    connection: Connection,
    timeout: Duration,
}

impl Session {
    pub(crate) async fn open(access: &Access) -> Result<Self, Fault> {
        let variable = |name: &str| std::env::var(name).ok();
        let reach = Reach::find(access, variable, Path::new("."))?;
        let endpoint = endpoint(&reach, access)?;
        let channel = endpoint.connect().await.map_err(|error| {
            Fault::new(Kind::Failed, fault::unreachable(&error, reach.address()))
        })?;
        let bearer = Bearer::new(reach.token.as_ref())?;
        Ok(Self {
            screen: Screen::new(access.json),
            address: reach.address().to_owned(),
            connection: InterceptedService::new(channel, bearer),
            timeout: access.timeout,
        })
    }

    /// Waits for an answer, not for ever.
    pub(crate) async fn call<T>(
        &self,
        call: impl Future<Output = Result<Response<T>, Status>>,
    ) -> Result<T, Fault> {
        match tokio::time::timeout(self.timeout, Box::pin(self.patiently(call))).await {
            Ok(answer) => answer,
            Err(_) => Err(Fault::new(
                Kind::Failed,
                format!(
                    "the monitor at {} has not answered within {}; --timeout sets how long to wait",
                    self.address,
                    time::span(self.timeout.as_secs_f64())
                ),
            )),
        }
    }

    /// Waits for an answer that takes as long as it takes.
    pub(crate) async fn patiently<T>(
        &self,
        call: impl Future<Output = Result<Response<T>, Status>>,
    ) -> Result<T, Fault> {
        match Box::pin(call).await {
            Ok(answer) => Ok(answer.into_inner()),
            Err(status) => Err(self.fault(&status)),
        }
    }

    pub(crate) fn fault(&self, status: &Status) -> Fault {
        Fault::of_call(status, &self.address)
    }

    pub(crate) fn queues(&self) -> QueueServiceClient<Connection> {
        QueueServiceClient::new(self.connection.clone())
    }

    pub(crate) fn dead_letters(&self) -> DeadLetterServiceClient<Connection> {
        DeadLetterServiceClient::new(self.connection.clone())
            .max_decoding_message_size(LARGEST_ANSWER)
    }

    pub(crate) fn messages(&self) -> MessageServiceClient<Connection> {
        MessageServiceClient::new(self.connection.clone()).max_decoding_message_size(LARGEST_ANSWER)
    }

    pub(crate) fn numbers(&self) -> NumberServiceClient<Connection> {
        NumberServiceClient::new(self.connection.clone())
    }

    pub(crate) fn realtime(&self) -> RealtimeServiceClient<Connection> {
        RealtimeServiceClient::new(self.connection.clone())
    }

    pub(crate) fn audits(&self) -> AuditServiceClient<Connection> {
        AuditServiceClient::new(self.connection.clone()).max_decoding_message_size(LARGEST_ANSWER)
    }
}

fn endpoint(reach: &Reach, access: &Access) -> Result<Endpoint, Fault> {
    let wrong = |error: tonic::transport::Error| {
        Fault::usage(format!("{}: {}", reach.address(), fault::cause(&error)))
    };
    let mut endpoint = Endpoint::from_shared(reach.url.clone())
        .map_err(wrong)?
        .user_agent(concat!("waypost/", env!("CARGO_PKG_VERSION")))
        .map_err(wrong)?
        .connect_timeout(access.timeout)
        .tcp_nodelay(true)
        // Of a watch that hears nothing: whether anybody is there still.
        .http2_keep_alive_interval(Duration::from_secs(20));
    if reach.url.starts_with("https://") {
        endpoint = endpoint.tls_config(tls(access)?).map_err(wrong)?;
    } else if access.ca.is_some() || access.cert.is_some() {
        return Err(Fault::usage(format!(
            "--ca and --cert are for https, and {} is not",
            reach.url
        )));
    }
    Ok(endpoint)
}

fn tls(access: &Access) -> Result<ClientTlsConfig, Fault> {
    let mut tls = ClientTlsConfig::new();
    tls = match &access.ca {
        Some(file) => tls.ca_certificate(Certificate::from_pem(read(file)?)),
        None => tls.with_native_roots(),
    };
    if let (Some(certificate), Some(key)) = (&access.cert, &access.key) {
        tls = tls.identity(Identity::from_pem(read(certificate)?, read(key)?));
    }
    Ok(tls)
}

fn read(file: &Path) -> Result<Vec<u8>, Fault> {
    std::fs::read(file).map_err(|error| Fault::usage(format!("{}: {error}", file.display())))
}

/// Puts the token on every call.
#[derive(Clone)]
pub(crate) struct Bearer(Option<MetadataValue<Ascii>>);

impl Bearer {
    fn new(token: Option<&SecretString>) -> Result<Self, Fault> {
        let Some(token) = token else {
            return Ok(Self(None));
        };
        let header = format!("Bearer {}", token.expose_secret());
        let mut value = MetadataValue::try_from(header).map_err(|_| {
            Fault::usage("the token holds letters that no token has: is it the right file?")
        })?;
        value.set_sensitive(true);
        Ok(Self(Some(value)))
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer")
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(value) = &self.0 {
            request
                .metadata_mut()
                .insert("authorization", value.clone());
        }
        Ok(request)
    }
}
