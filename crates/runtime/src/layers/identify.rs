//! Gives every request an id and every answer the header that tells it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use crate::RequestId;
use crate::request_id::X_REQUEST_ID;

/// A request and its id. A type of its own rather than an extension: that would cost two allocations a request.
#[derive(Debug)]
pub struct Identified<B> {
    /// The id.
    pub id: RequestId,
    /// The request.
    pub request: Request<B>,
}

/// Layer of [`Identify`].
#[derive(Clone, Copy, Debug)]
pub struct IdentifyLayer;

/// Service that makes the id, hands both on, and sets `X-Request-Id` on what comes back.
#[derive(Clone, Debug)]
pub struct Identify<S>(S);

pin_project! {
    /// Future of [`Identify`].
    pub struct IdentifyFuture<F> {
        #[pin]
        inner: F,
        id: RequestId,
    }
}

impl<S> Layer<S> for IdentifyLayer {
    type Service = Identify<S>;

    fn layer(&self, inner: S) -> Identify<S> {
        Identify(inner)
    }
}

impl<S, B, R> Service<Request<B>> for Identify<S>
where
    S: Service<Identified<B>, Response = Response<R>>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = IdentifyFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let id = RequestId::new();
        IdentifyFuture {
            inner: self.0.call(Identified { id, request }),
            id,
        }
    }
}

impl<F, R, E> Future for IdentifyFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut response = ready!(this.inner.poll(cx));
        if let Ok(response) = &mut response {
            response
                .headers_mut()
                .insert(X_REQUEST_ID, this.id.header_value());
        }
        Poll::Ready(response)
    }
}
