//! The private listener of every process: `GET /livez`, `GET /readyz` and `GET /metrics`.
//!
//! Alive means that the process answers at all, so `/livez` asks nothing else: a restart does not mend a Redis that
//! is away. Ready means running, with every check passing. Metrics are those of the process: several services in one show
//! the same.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use tokio::net::TcpListener;
use waypost_settings::{Key, Lookup, Reader, SettingsError};
use waypost_telemetry::metrics;

use crate::serve::{ServeSettings, serve};
use crate::{Health, Phase};

const PLAIN: &str = "text/plain; charset=utf-8";

/// Where the private listener is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdminSettings {
    /// Its address; without one there is none.
    pub listen: Option<SocketAddr>,
}

impl AdminSettings {
    /// The keys of the section `[admin]`.
    pub const KEYS: &'static [Key] = &[Key::optional(
        "admin.listen",
        "Address of the private listener with /livez, /readyz and /metrics, like 0.0.0.0:9090 in a container. Unset: none.",
    )];

    /// Reads the section.
    pub fn from_lookup(lookup: &dyn Lookup) -> Result<Self, SettingsError> {
        let reader = Reader::new(lookup, Self::KEYS);
        Ok(Self {
            listen: reader.opt_socket_addr("admin.listen")?,
        })
    }
}

/// Serves the endpoints until the process has stopped, through its drain: that is when they are asked most.
pub async fn serve_admin(listener: TcpListener, health: Health) {
    let settings = ServeSettings {
        max_connections: 64,
        drain_deadline: Duration::from_millis(500),
        ..ServeSettings::default()
    };
    let mut phase = health.watch();
    let stopped = async move {
        // An error means that nobody is left to move the phase on.
        let _ = phase.wait_for(|phase| *phase == Phase::Stopped).await;
    };
    let service = tower::service_fn(move |request: Request<_>| {
        let answer = answer(&health, &request);
        async { Ok::<_, Infallible>(answer) }
    });
    serve(listener, service, settings, stopped).await;
}

fn answer<B>(health: &Health, request: &Request<B>) -> Response<Full<Bytes>> {
    let path = request.uri().path();
    if !matches!(path, "/livez" | "/readyz" | "/metrics") {
        return say(StatusCode::NOT_FOUND, PLAIN, "not found\n".to_owned());
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
        response
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    match path {
        "/metrics" => say(StatusCode::OK, metrics::CONTENT_TYPE, metrics::prometheus()),
        "/livez" => say(StatusCode::OK, PLAIN, "alive\n".to_owned()),
        _ => match health.reasons() {
            reasons if reasons.is_empty() => say(StatusCode::OK, PLAIN, "ready\n".to_owned()),
            reasons => {
                let text = reasons.join("\n") + "\n";
                say(StatusCode::SERVICE_UNAVAILABLE, PLAIN, text)
            }
        },
    }
}

fn say(status: StatusCode, kind: &'static str, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
