//! Tests of the admin plane. They are in `tests/it`, a file for each promise; here is what they stand on: [`Plane`], an admin plane
//! with a token for each role, and clients of both kinds.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code: a panic is how it reports"
)]

use std::net::SocketAddr;

use reqwest::Method;
use serde_json::Value;
use tempfile::TempDir;
use tonic::metadata::MetadataValue;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status, Streaming};
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use waypost_harness::Services;
use waypost_harness::services::Running;
use waypost_monitor::new_token;
use waypost_rpc::v1::Role;
use waypost_rpc::v1::audit_service_client::AuditServiceClient;
use waypost_rpc::v1::dead_letter_service_client::DeadLetterServiceClient;
use waypost_rpc::v1::message_service_client::MessageServiceClient;
use waypost_rpc::v1::number_service_client::NumberServiceClient;
use waypost_rpc::v1::queue_service_client::QueueServiceClient;
use waypost_rpc::v1::realtime_service_client::RealtimeServiceClient;
use waypost_settings::ExposeSecret;

/// An admin plane, and a token for each role.
pub struct Plane {
    /// The service.
    pub running: Running,
    tokens: [String; 3],
    http: reqwest::Client,
    _files: TempDir,
}

/// A channel that shows a token with every call.
pub type Bearing = InterceptedService<Channel, Bearer>;

/// Shows a token.
#[derive(Clone)]
pub struct Bearer(MetadataValue<tonic::metadata::Ascii>);

impl tonic::service::Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request
            .metadata_mut()
            .insert("authorization", self.0.clone());
        Ok(request)
    }
}

/// Everything that may be called, with one token.
pub struct Clients {
    /// Queues.
    pub queues: QueueServiceClient<Bearing>,
    /// Dead letters.
    pub dead: DeadLetterServiceClient<Bearing>,
    /// Messages.
    pub messages: MessageServiceClient<Bearing>,
    /// Numbers.
    pub numbers: NumberServiceClient<Bearing>,
    /// Tokens for events.
    pub realtime: RealtimeServiceClient<Bearing>,
    /// The audit.
    pub audit: AuditServiceClient<Bearing>,
}

/// An answer over HTTP.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The body; `null` when it is no JSON.
    pub json: Value,
    /// The headers.
    pub headers: reqwest::header::HeaderMap,
}

impl Plane {
    /// Starts one on these settings.
    pub async fn on(services: &Services) -> Self {
        let files = tempfile::tempdir().expect("a folder");
        let made = [Role::Viewer, Role::Operator, Role::Admin]
            .map(|role| new_token(role.as_str_name(), role).expect("a token"));
        let file = files.path().join("tokens.toml");
        let tables: Vec<_> = made.iter().map(|made| made.table.clone()).collect();
        std::fs::write(&file, tables.join("\n")).expect("a file");
        // reqwest asks for one even where nothing is encrypted; another test of this process may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let services = services
            .clone()
            .with("monitor.tokens_file", file.to_string_lossy());
        Self {
            running: services.monitor().await,
            tokens: made.map(|made| made.key.expose_secret().to_owned()),
            http: reqwest::Client::builder()
                .no_proxy()
                .build()
                .expect("a client"),
            _files: files,
        }
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.running.address()
    }

    /// The token of a role.
    pub fn token(&self, role: Role) -> &str {
        match role {
            Role::Viewer => &self.tokens[0],
            Role::Operator => &self.tokens[1],
            Role::Admin => &self.tokens[2],
            Role::Unspecified => panic!("a role is wanted"),
        }
    }

    /// Clients that show the token of a role.
    pub async fn as_role(&self, role: Role) -> Clients {
        self.with_token(self.token(role)).await
    }

    /// Clients that show this token.
    pub async fn with_token(&self, token: &str) -> Clients {
        let channel = self.channel().await;
        let bearer = Bearer(format!("Bearer {token}").parse().expect("a header"));
        let bearing = InterceptedService::new(channel, bearer);
        Clients {
            queues: QueueServiceClient::new(bearing.clone()),
            dead: DeadLetterServiceClient::new(bearing.clone()),
            messages: MessageServiceClient::new(bearing.clone()),
            numbers: NumberServiceClient::new(bearing.clone()),
            realtime: RealtimeServiceClient::new(bearing.clone()),
            audit: AuditServiceClient::new(bearing),
        }
    }

    /// Watches its health, without a token.
    ///
    /// # Errors
    /// When that is refused.
    pub async fn watch_health(&self) -> Result<Streaming<HealthCheckResponse>, Status> {
        let mut client = HealthClient::new(self.channel().await);
        let watch = client.watch(HealthCheckRequest::default()).await?;
        Ok(watch.into_inner())
    }

    /// Asks once after its health, without a token.
    ///
    /// # Errors
    /// When that is refused.
    pub async fn check_health(&self) -> Result<(), Status> {
        let mut client = HealthClient::new(self.channel().await);
        client.check(HealthCheckRequest::default()).await.map(drop)
    }

    async fn channel(&self) -> Channel {
        let endpoint =
            Endpoint::from_shared(format!("http://{}", self.address())).expect("an address");
        endpoint.connect().await.expect("the admin plane")
    }

    /// Asks over HTTP with the token of a role.
    pub async fn http(&self, role: Role, method: &str, path: &str, body: Option<Value>) -> Reply {
        self.http_with(Some(self.token(role)), method, path, body)
            .await
    }

    /// Asks over HTTP with any token, or none.
    pub async fn http_with(
        &self,
        token: Option<&str>,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Reply {
        let method: Method = method.parse().expect("a method");
        let url = format!("http://{}{path}", self.address());
        let mut request = self.http.request(method, url);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let reply = request.send().await.expect("an answer");
        let (status, headers) = (reply.status().as_u16(), reply.headers().clone());
        let bytes = reply.bytes().await.expect("a body");
        Reply {
            status,
            headers,
            json: serde_json::from_slice(&bytes).unwrap_or_default(),
        }
    }
}
