//! What one connection is doing, shared by its socket, its service and its watchdog.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::service::Service as HyperService;
use pin_project_lite::pin_project;
use tower::Service;
use tower::util::Oneshot;

use super::Peer;

/// Flags and counters of a connection. Relaxed throughout: over HTTP/1 everything runs in one task, and over
/// HTTP/2 only the counters matter, to a watchdog that may well look a second later.
#[derive(Debug, Default)]
pub(super) struct Activity {
    in_flight: AtomicU32,
    answered: AtomicU32,
    heard: AtomicBool,
    in_head: AtomicBool,
    multiplexed: AtomicBool,
    head_expired: AtomicBool,
    refused: AtomicBool,
    lingering: AtomicBool,
}

impl Activity {
    /// The socket read something. Between requests that is the beginning of a head, unless the connection is
    /// HTTP/2, where it may be a ping.
    pub(super) fn read(&self) {
        self.heard.store(true, Relaxed);
        if self.in_flight.load(Relaxed) == 0 && !self.multiplexed.load(Relaxed) {
            self.in_head.store(true, Relaxed);
        }
    }

    /// The connection turned out to be HTTP/2.
    pub(super) fn multiplexed(&self) {
        self.multiplexed.store(true, Relaxed);
        self.in_head.store(false, Relaxed);
    }

    /// Whether a head is due: some of it has come, or nothing at all has since the connection was accepted.
    pub(super) fn awaits_head(&self) -> bool {
        self.in_head.load(Relaxed) || !self.heard.load(Relaxed)
    }

    /// The head did not come in time. The socket says so to the peer and ends the input.
    pub(super) fn expire_head(&self) {
        self.head_expired.store(true, Relaxed);
    }

    pub(super) fn head_expired(&self) -> bool {
        self.head_expired.load(Relaxed)
    }

    /// Whether the peer sent part of a head.
    pub(super) fn in_head(&self) -> bool {
        self.in_head.load(Relaxed)
    }

    /// Whether the last answer was an error, which may have left a body unread.
    pub(super) fn refused(&self) -> bool {
        self.refused.load(Relaxed)
    }

    pub(super) fn linger(&self) {
        self.lingering.store(true, Relaxed);
    }

    pub(super) fn lingering(&self) -> bool {
        self.lingering.load(Relaxed)
    }

    /// Changes with every answer; `None` while a request is in flight.
    pub(super) fn idle_since(&self) -> Option<u32> {
        (self.in_flight.load(Relaxed) == 0).then(|| self.answered.load(Relaxed))
    }
}

/// The service of one connection: the common one, and a note in [`Activity`] of what goes through it.
pub(super) struct Tracked<S> {
    pub(super) service: S,
    pub(super) peer: Option<Peer>,
    pub(super) activity: Arc<Activity>,
}

impl<S, B> HyperService<Request<Incoming>> for Tracked<S>
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone,
{
    type Response = Response<TrackedBody<B>>;
    type Error = S::Error;
    type Future = TrackedFuture<Oneshot<S, Request<Incoming>>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        if let Some(peer) = self.peer {
            request.extensions_mut().insert(peer);
        }
        self.activity.in_flight.fetch_add(1, Relaxed);
        self.activity.in_head.store(false, Relaxed);
        TrackedFuture {
            inner: Oneshot::new(self.service.clone(), request),
            in_flight: Some(InFlight(Arc::clone(&self.activity))),
        }
    }
}

// Counts down when it is dropped, so that a request whose peer went away counts down too.
struct InFlight(Arc<Activity>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.answered.fetch_add(1, Relaxed);
        self.0.in_flight.fetch_sub(1, Relaxed);
    }
}

pin_project! {
    /// Future of [`Tracked`].
    pub(super) struct TrackedFuture<F> {
        #[pin]
        inner: F,
        // Goes over to the answer's body.
        in_flight: Option<InFlight>,
    }
}

pin_project! {
    /// The body of an answer: as long as it lasts, its request is in flight. A stream of events may last for days.
    pub(super) struct TrackedBody<B> {
        #[pin]
        inner: B,
        in_flight: Option<InFlight>,
    }
}

impl<F, B, E> Future for TrackedFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<TrackedBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = ready!(this.inner.poll(cx));
        let refused = !matches!(&response, Ok(response) if response.status().is_success());
        let in_flight = this.in_flight.take();
        if let Some(InFlight(activity)) = &in_flight {
            activity.refused.store(refused, Relaxed);
        }
        Poll::Ready(response.map(|response| response.map(|inner| TrackedBody { inner, in_flight })))
    }
}

impl<B: Body> Body for TrackedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        self.project().inner.poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
