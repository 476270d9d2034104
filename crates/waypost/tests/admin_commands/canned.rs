//! A server of the admin plane's protocol, whose answers are fixed. It knows three tokens, one for each role.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use prost::{Message, Name};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Server, ServerTlsConfig};
use tonic::{Code, Request, Status};
use tonic_types::{ErrorDetails, StatusExt};
use waypost_rpc::rules;
use waypost_rpc::v1::Role;
use waypost_rpc::v1::audit_service_server::AuditServiceServer;
use waypost_rpc::v1::dead_letter_service_server::DeadLetterServiceServer;
use waypost_rpc::v1::message_service_server::MessageServiceServer;
use waypost_rpc::v1::number_service_server::NumberServiceServer;
use waypost_rpc::v1::queue_service_server::QueueServiceServer;
use waypost_rpc::v1::realtime_service_server::RealtimeServiceServer;

#[derive(Clone, Default)]
pub(crate) struct Canned {
    calls: Arc<Mutex<Vec<(String, Value)>>>,
    /// Where it says that events are.
    pub(crate) realtime_url: Arc<Mutex<String>>,
}

impl Canned {
    /// Serves on a free port until the test ends.
    pub(crate) async fn start(tls: Option<ServerTlsConfig>) -> (Self, SocketAddr) {
        let canned = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(canned.clone().serve(listener, tls));
        (canned, address)
    }

    pub(crate) async fn serve(self, listener: TcpListener, tls: Option<ServerTlsConfig>) {
        let mut server = Server::builder();
        if let Some(tls) = tls {
            server = server.tls_config(tls).unwrap();
        }
        server
            .add_service(QueueServiceServer::new(self.clone()))
            .add_service(DeadLetterServiceServer::new(self.clone()))
            .add_service(MessageServiceServer::new(self.clone()))
            .add_service(NumberServiceServer::new(self.clone()))
            .add_service(RealtimeServiceServer::new(self.clone()))
            .add_service(AuditServiceServer::new(self))
            .serve_with_incoming(TcpListenerStream::new(listener))
            .await
            .unwrap();
    }

    /// What was called, with the JSON of each request.
    pub(crate) fn calls(&self) -> Vec<(String, Value)> {
        self.calls.lock().unwrap().clone()
    }

    /// The only call of a method.
    pub(crate) fn call(&self, method: &str) -> Value {
        let calls = self.calls();
        let mut named = calls.iter().filter(|(name, _)| name == method);
        let (_, request) = named
            .next()
            .unwrap_or_else(|| panic!("no {method} in {calls:?}"));
        assert_eq!(named.next(), None, "{method} twice");
        request.clone()
    }

    /// As the real one does: the token, then its role, then the request.
    pub(crate) fn guard<M: Message + Name>(
        &self,
        method: &str,
        least: Role,
        request: Request<M>,
    ) -> Result<M, Status> {
        let role = match request.metadata().get("authorization") {
            None => return Err(unauthenticated("TOKEN_MISSING")),
            Some(header) => match header.to_str().unwrap() {
                "Bearer viewer-token" => Role::Viewer,
                "Bearer operator-token" => Role::Operator,
                "Bearer admin-token" => Role::Admin,
                "Bearer slowed-token" => return Err(slowed()),
                _ => return Err(unauthenticated("TOKEN_UNKNOWN")),
            },
        };
        if role < least {
            return Err(denied(role, least));
        }
        let request = request.into_inner();
        let mut details = ErrorDetails::new();
        for violation in rules::check(&request) {
            details.add_bad_request_violation(violation.field, violation.description);
        }
        if details.has_bad_request_violations() {
            return Err(Status::with_error_details(
                Code::InvalidArgument,
                "the request is wrong",
                details,
            ));
        }
        let said = (method.to_owned(), waypost_rpc::json::of(&request));
        self.calls.lock().unwrap().push(said);
        Ok(request)
    }
}

fn unauthenticated(reason: &str) -> Status {
    let details = ErrorDetails::with_error_info(reason, "waypost", []);
    Status::with_error_details(Code::Unauthenticated, "who are you?", details)
}

fn slowed() -> Status {
    let delay = std::time::Duration::from_secs(6);
    let details = ErrorDetails::with_retry_info(Some(delay));
    Status::with_error_details(
        Code::ResourceExhausted,
        "too many wrong tokens from this address",
        details,
    )
}

fn denied(role: Role, least: Role) -> Status {
    let word = |role: Role| {
        let name = role.as_str_name().strip_prefix("ROLE_").unwrap();
        name.to_lowercase()
    };
    let metadata = [
        ("required".to_owned(), word(least)),
        ("actual".to_owned(), word(role)),
    ];
    let details = ErrorDetails::with_error_info("ROLE_TOO_LOW", "waypost", metadata);
    Status::with_error_details(Code::PermissionDenied, "the role is too low", details)
}

/// Parts of a JSON that a test names, out of a larger one.
pub(crate) fn part(whole: &Value, names: &[&str]) -> Value {
    let members = names
        .iter()
        .map(|name| ((*name).to_owned(), whole[name].clone()));
    json!(members.collect::<serde_json::Map<_, _>>())
}
