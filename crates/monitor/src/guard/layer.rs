//! The tower layer.

use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request, Response};
use tonic::body::Body;
use tower::{Layer, Service};
use waypost_rpc::v1::Role;

use super::decide::{Guard, Verdict};
use super::open::{self, Places};
use super::{Peer, ROLE_HEADER, word};

/// What load balancers ask.
const CHECK: &str = "/grpc.health.v1.Health/Check";

/// Puts the guard before a service.
#[derive(Clone)]
pub(crate) struct GuardLayer {
    guard: Arc<Guard>,
    places: Places,
}

/// A service behind the guard.
#[derive(Clone)]
pub(crate) struct Guarded<S> {
    inner: S,
    guard: Arc<Guard>,
    places: Places,
}

impl GuardLayer {
    pub(super) fn new(guard: Guard) -> Self {
        Self {
            guard: Arc::new(guard),
            places: Places::default(),
        }
    }
}

impl<S> Layer<S> for GuardLayer {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded {
            inner,
            guard: Arc::clone(&self.guard),
            places: self.places.clone(),
        }
    }
}

impl<S, B> Service<Request<B>> for Guarded<S>
where
    S: Service<Request<B>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Response<Body>, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let peer = request.extensions().get::<Peer>();
        let address = peer.map(|Peer(address)| address.ip().to_canonical());
        let path = request.uri().path().to_owned();
        let verdict = self.guard.decide(&path, request.headers(), address);
        // Nobody behind this needs it, and what is not there gets into no log.
        request.headers_mut().remove(AUTHORIZATION);
        match verdict {
            // One question, one answer: that holds nothing up.
            Verdict::Open if path == CHECK => Box::pin(self.inner.call(request)),
            Verdict::Open => match self.places.take() {
                None => Box::pin(std::future::ready(Ok(open::full()))),
                Some(place) => {
                    let answer = self.inner.call(request);
                    Box::pin(async move { Ok(answer.await?.map(|body| place.bound(body))) })
                }
            },
            Verdict::Pass(caller, held) => {
                let role = caller.role;
                request.extensions_mut().insert(caller);
                let answer = self.inner.call(request);
                Box::pin(async move {
                    let response = match held {
                        None => answer.await?,
                        Some(held) => answer.await?.map(|body| held.wrap(body)),
                    };
                    Ok(with_role(response, role))
                })
            }
            Verdict::Refuse(refusal, role) => {
                let mut response = refusal.into_response();
                if let Some(role) = role {
                    response = with_role(response, role);
                }
                Box::pin(std::future::ready(Ok(response)))
            }
        }
    }
}

fn with_role(mut response: Response<Body>, role: Role) -> Response<Body> {
    let role = HeaderValue::from_static(word(role));
    response.headers_mut().insert(ROLE_HEADER, role);
    response
}
