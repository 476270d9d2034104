//! The tower layer.

use std::marker::PhantomData;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use http::{Request, Response};
use tonic::body::Body;
use tower::{Layer, Service};

use super::noted::{Note, Noted};

/// Takes note of every call of a service.
pub(crate) struct ObserveLayer<N>(PhantomData<fn() -> N>);

/// A service of whose calls note is taken.
pub(crate) struct Observed<S, N> {
    inner: S,
    note: PhantomData<fn() -> N>,
}

impl<N> Default for ObserveLayer<N> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<S, N> Layer<S> for ObserveLayer<N> {
    type Service = Observed<S, N>;

    fn layer(&self, inner: S) -> Observed<S, N> {
        Observed {
            inner,
            note: PhantomData,
        }
    }
}

// Not derived: a clone does not need a clone of what is noted.
impl<S: Clone, N> Clone for Observed<S, N> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            note: PhantomData,
        }
    }
}

impl<S, B, N> Service<Request<B>> for Observed<S, N>
where
    S: Service<Request<B>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    N: Note,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Response<Body>, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let noted = Noted::<N>::begin(&mut request);
        let answer = self.inner.call(request);
        Box::pin(async move { Ok(noted.answered(answer.await?)) })
    }
}
