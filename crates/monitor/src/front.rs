//! What comes in at the listener: gRPC goes to the services, paths of the API to the gateway, the rest is the dashboard.

use std::convert::Infallible;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST, ORIGIN, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use tower::{Service, ServiceExt};
use waypost_runtime::{Peer, RequestId};

use crate::gateway::Gateway;
use crate::openapi;
use crate::ui::Ui;

/// The one type of all bodies that go out.
pub(crate) type Body = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// The whole of what the listener serves.
#[derive(Clone)]
pub(crate) struct Front<S> {
    services: S,
    gateway: Gateway<S>,
    ui: Ui,
    /// Nobody needs a token; then only whoever is on this machine and no page of a browser's may call.
    open: bool,
}

impl<S> Front<S>
where
    S: Clone,
{
    pub(crate) fn new(services: S, ui: Ui, open: bool) -> Self {
        Self {
            gateway: Gateway::new(services.clone()),
            services,
            ui,
            open,
        }
    }
}

impl<S> Service<Request<Incoming>> for Front<S>
where
    S: Service<
            Request<tonic::body::Body>,
            Response = Response<tonic::body::Body>,
            Error = Infallible,
        > + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Incoming>) -> Self::Future {
        let front = self.clone();
        request.extensions_mut().insert(RequestId::new());
        Box::pin(async move { Ok(front.answer(request).await) })
    }
}

impl<S> Front<S>
where
    S: Service<
            Request<tonic::body::Body>,
            Response = Response<tonic::body::Body>,
            Error = Infallible,
        > + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send,
{
    async fn answer(self, request: Request<Incoming>) -> Response<Body> {
        if self.open && !is_from_here(&request) {
            return plain(
                StatusCode::FORBIDDEN,
                "Without tokens the admin plane answers calls from this machine only, and none from pages of other sites.\n",
            );
        }
        let is_grpc = request
            .headers()
            .get(CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"));
        if is_grpc {
            let Ok(response) = self
                .services
                .oneshot(request.map(tonic::body::Body::new))
                .await;
            return response.map(|body| body.map_err(Into::into).boxed_unsync());
        }
        if request.uri().path() == "/openapi.json"
            && matches!(*request.method(), Method::GET | Method::HEAD)
        {
            return openapi_file();
        }
        match self.ui.answer(&request) {
            Some(response) => {
                response.map(|body| body.map_err(|never| match never {}).boxed_unsync())
            }
            None => self.gateway.answer(request).await,
        }
    }
}

/// Whether a call may pass when nobody needs a token. A page of another site that the operator looks at could call too: it
/// shows in `Origin`, or, when its name was made to lead here, in `Host`.
fn is_from_here<B>(request: &Request<B>) -> bool {
    let near = request
        .extensions()
        .get::<Peer>()
        .is_some_and(|peer| peer.0.ip().to_canonical().is_loopback());
    let host = request
        .headers()
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .or_else(|| request.uri().authority().map(|a| a.as_str()))
        .unwrap_or_default();
    let origin = request.headers().get(ORIGIN);
    let ours = origin.is_none_or(|origin| {
        let text = origin.to_str().unwrap_or_default();
        text.split_once("://").is_some_and(|(_, from)| from == host)
    });
    near && ours && is_loopback(host)
}

fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name == "localhost" || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

fn openapi_file() -> Response<Body> {
    static FILE: LazyLock<Bytes> = LazyLock::new(|| {
        serde_json::to_vec_pretty(&openapi())
            .unwrap_or_default()
            .into()
    });
    let mut response = Response::new(full(FILE.clone()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(full(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    response
}

fn full(bytes: Bytes) -> Body {
    Full::new(bytes)
        .map_err(|never| match never {})
        .boxed_unsync()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(peer: &str, host: &str, origin: Option<&str>) -> bool {
        let mut request = Request::get("/").header(HOST, host);
        if let Some(origin) = origin {
            request = request.header(ORIGIN, origin);
        }
        let mut request = request.body(()).unwrap();
        request.extensions_mut().insert(Peer(peer.parse().unwrap()));
        is_from_here(&request)
    }

    #[test]
    fn without_tokens_no_other_site_gets_in() {
        for host in [
            "127.0.0.1:9400",
            "localhost:9400",
            "[::1]:9400",
            "localhost",
        ] {
            assert!(call("127.0.0.1:5", host, None), "{host}");
            assert!(call("127.0.0.1:5", host, Some(&format!("http://{host}"))));
        }
        assert!(!call(
            "127.0.0.1:5",
            "localhost:9400",
            Some("https://evil.example")
        ));
        assert!(!call("127.0.0.1:5", "localhost:9400", Some("null")));
        // A name that its owner has made lead here.
        assert!(!call(
            "127.0.0.1:5",
            "evil.example:9400",
            Some("http://evil.example:9400")
        ));
        assert!(!call("10.0.0.7:5", "127.0.0.1:9400", None));
    }
}
