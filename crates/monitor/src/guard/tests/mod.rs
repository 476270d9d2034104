//! The guard as a tower service, before a service that notes what has reached it.

mod failures;
mod roles;
mod secrecy;
mod swap;
mod tokens;

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use http::header::AUTHORIZATION;
use http::{HeaderValue, Request, Response};
use tempfile::NamedTempFile;
use tonic::body::Body;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};
use tower::util::BoxCloneSyncService;
use tower::{Layer, ServiceExt, service_fn};
use waypost_runtime::keys::{KeyKeeper, NewKey};
use waypost_settings::ExposeSecret;

use super::*;

const PAUSE: &str = "/waypost.v1.QueueService/Pause";
const STATS: &str = "/waypost.v1.QueueService/GetStats";
const WATCH: &str = "/waypost.v1.QueueService/WatchStats";
const HERE: &str = "192.0.2.7";

const ROLES: [Role; 3] = [Role::Viewer, Role::Operator, Role::Admin];

/// What reached the service behind the guard.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Reached {
    path: String,
    caller: Option<Caller>,
    with_token: bool,
}

struct Fixture {
    service: BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>,
    reached: Arc<Mutex<Vec<Reached>>>,
    refused: Arc<Mutex<Vec<Refused>>>,
    keys: Keys,
    keeper: Option<KeyKeeper<RoleGrant>>,
    file: NamedTempFile,
    made: Vec<(Role, NewKey)>,
}

impl Fixture {
    /// With a token of each role, called as the role is.
    fn new() -> Self {
        let made: Vec<_> = ROLES
            .into_iter()
            .map(|role| (role, new_token(word(role), role).unwrap()))
            .collect();
        let file = NamedTempFile::new().unwrap();
        let tables: String = made.iter().map(|(_, key)| key.table.as_str()).collect();
        std::fs::write(file.path(), tables).unwrap();
        let (keys, keeper) = Keys::open(file.path(), "monitor.tokens_file").unwrap();
        let reached = Arc::default();
        let refused = Arc::default();
        Self {
            service: service(Some(keys.clone()), &reached, &refused),
            reached,
            refused,
            keys,
            keeper: Some(keeper),
            file,
            made,
        }
    }

    /// Without a file of tokens.
    fn open() -> Self {
        let mut fixture = Self::new();
        fixture.service = service(None, &fixture.reached, &fixture.refused);
        fixture
    }

    fn token(&self, role: Role) -> &str {
        let (_, made) = self.made.iter().find(|(of, _)| *of == role).unwrap();
        made.key.expose_secret()
    }

    async fn call(&self, request: Request<Body>) -> Response<Body> {
        let Ok(response) = self.service.clone().oneshot(request).await;
        response
    }

    /// What a token gets from an address.
    async fn show(&self, path: &str, token: &str, address: &str) -> Answer {
        let header = format!("Bearer {token}");
        let headers = [header.as_bytes()];
        Answer::of(self.call(request(path, &headers, Some(address))).await)
    }

    /// What a role gets.
    async fn as_role(&self, path: &str, role: Role) -> Answer {
        self.show(path, self.token(role), HERE).await
    }

    fn take_reached(&self) -> Vec<Reached> {
        std::mem::take(&mut *self.reached.lock().unwrap())
    }

    fn take_refused(&self) -> Vec<Refused> {
        std::mem::take(&mut *self.refused.lock().unwrap())
    }
}

/// The end of a call.
struct Answer {
    code: Code,
    status: Status,
    details: ErrorDetails,
    response: Response<Body>,
}

impl Answer {
    fn of(response: Response<Body>) -> Self {
        // What has no status in its headers has one behind its body: here those that go on.
        let status = Status::from_header_map(response.headers()).unwrap_or_else(|| Status::ok(""));
        Self {
            code: status.code(),
            details: status.get_error_details(),
            status,
            response,
        }
    }

    fn reason(&self) -> &str {
        let info = self.details.error_info().unwrap();
        assert_eq!(info.domain, "waypost");
        &info.reason
    }

    fn header(&self, name: &str) -> Option<&str> {
        let value = self.response.headers().get(name)?;
        value.to_str().ok()
    }
}

fn request(path: &str, tokens: &[&[u8]], address: Option<&str>) -> Request<Body> {
    let mut request = Request::post(path).body(Body::empty()).unwrap();
    for token in tokens {
        let value = HeaderValue::from_bytes(token).unwrap();
        request.headers_mut().append(AUTHORIZATION, value);
    }
    if let Some(address) = address {
        let ip: IpAddr = address.parse().unwrap();
        let peer = Peer(SocketAddr::new(ip, 4711));
        request.extensions_mut().insert(peer);
    }
    request
}

fn service(
    keys: Option<Keys>,
    reached: &Arc<Mutex<Vec<Reached>>>,
    refused: &Arc<Mutex<Vec<Refused>>>,
) -> BoxCloneSyncService<Request<Body>, Response<Body>, Infallible> {
    let (reached, refused) = (Arc::clone(reached), Arc::clone(refused));
    let inner = service_fn(move |request: Request<Body>| {
        reached.lock().unwrap().push(Reached {
            path: request.uri().path().to_owned(),
            caller: request.extensions().get::<Caller>().cloned(),
            with_token: request.headers().contains_key(AUTHORIZATION),
        });
        let goes_on = request.uri().path() == WATCH;
        let body = if goes_on {
            swap::ticking()
        } else {
            Body::empty()
        };
        let mut response = Response::new(body);
        if !goes_on {
            let code = HeaderValue::from_static("0");
            response.headers_mut().insert(Status::GRPC_STATUS, code);
        }
        async { Ok::<_, Infallible>(response) }
    });
    let layer = guard(keys, move |told| refused.lock().unwrap().push(told));
    BoxCloneSyncService::new(layer.layer(inner))
}
