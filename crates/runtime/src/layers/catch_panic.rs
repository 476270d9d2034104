//! Turns a panic in a handler into an answer, so that the connection and its other requests live on.
//!
//! tower-http has such a layer; it boxes every response body to be able to swap it. Here the answer of a panic has
//! the same type as all others, and a request that doesn't panic pays nothing.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use http::Response;
use pin_project_lite::pin_project;
use tower::{Layer, Service};

/// Layer of [`CatchPanic`].
#[derive(Debug)]
pub struct CatchPanicLayer<R> {
    answer: fn() -> Response<R>,
    caught: Arc<AtomicU64>,
}

/// Service that answers for a handler that panicked, and counts it.
#[derive(Debug)]
pub struct CatchPanic<S, R> {
    inner: S,
    layer: CatchPanicLayer<R>,
}

pin_project! {
    /// Future of [`CatchPanic`].
    pub struct CatchPanicFuture<F, R> {
        // None when the call itself panicked, before there was a future.
        #[pin]
        inner: Option<F>,
        layer: CatchPanicLayer<R>,
    }
}

// By hand: derived, it would ask the bodies of answers to be clonable, which streams are not.
impl<R> Clone for CatchPanicLayer<R> {
    fn clone(&self) -> Self {
        Self {
            answer: self.answer,
            caught: Arc::clone(&self.caught),
        }
    }
}

impl<S: Clone, R> Clone for CatchPanic<S, R> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            layer: self.layer.clone(),
        }
    }
}

impl<R> CatchPanicLayer<R> {
    /// Answers with `answer` and counts in `caught`.
    pub fn new(answer: fn() -> Response<R>, caught: Arc<AtomicU64>) -> Self {
        Self { answer, caught }
    }

    // The panic's message is not logged: it may quote what the handler was working on, a customer's text. The
    // panic hook has said where it happened.
    fn caught(&self) -> Response<R> {
        self.caught.fetch_add(1, Ordering::Relaxed);
        tracing::error!("a handler panicked; its request was answered 500");
        (self.answer)()
    }
}

impl<S, R> Layer<S> for CatchPanicLayer<R> {
    type Service = CatchPanic<S, R>;

    fn layer(&self, inner: S) -> CatchPanic<S, R> {
        CatchPanic {
            inner,
            layer: self.clone(),
        }
    }
}

impl<S, Q, R> Service<Q> for CatchPanic<S, R>
where
    S: Service<Q, Response = Response<R>>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = CatchPanicFuture<S::Future, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Q) -> Self::Future {
        // A service that panics in `call` may be left half changed; ours keep no state between calls.
        let inner = catch_unwind(AssertUnwindSafe(|| self.inner.call(request))).ok();
        CatchPanicFuture {
            inner,
            layer: self.layer.clone(),
        }
    }
}

impl<F, R, E> Future for CatchPanicFuture<F, R>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(inner) = this.inner.as_pin_mut() else {
            return Poll::Ready(Ok(this.layer.caught()));
        };
        match catch_unwind(AssertUnwindSafe(|| inner.poll(cx))) {
            Ok(poll) => poll,
            Err(_) => Poll::Ready(Ok(this.layer.caught())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use tower::{ServiceExt, service_fn};

    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_the_answer_and_is_counted() {
        let caught = Arc::new(AtomicU64::new(0));
        let layer = CatchPanicLayer::new(|| Response::new("broken"), Arc::clone(&caught));
        let service = layer.layer(service_fn(|panics: bool| async move {
            assert!(!panics, "as asked");
            Ok::<_, Infallible>(Response::new("fine"))
        }));
        assert_eq!(
            service.clone().oneshot(true).await.unwrap().into_body(),
            "broken"
        );
        assert_eq!(service.oneshot(false).await.unwrap().into_body(), "fine");
        assert_eq!(caught.load(Ordering::Relaxed), 1);
    }
}
