//! One connection from accept to close.

use std::error::Error;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tower::Service;

use super::activity::{Activity, Tracked};
use super::io::Watched;
use super::watchdog::{Expired, Watchdog};
use super::{Peer, ServeSettings};

/// Bounds what one connection can make us hold: hyper's default would be about 400 KiB.
const MAX_BUFFER: usize = 64 << 10;

/// How often an HTTP/2 peer is pinged, and how long it may take to answer.
const PING: Duration = Duration::from_secs(20);

/// What all connections of a listener share.
pub(super) struct Shared {
    builder: auto::Builder<TokioExecutor>,
    pub(super) settings: ServeSettings,
    /// Cancelled when the drain begins: wakes every connection.
    drain: CancellationToken,
    /// The same as a flag, because asking the token takes a lock that all connections share.
    draining: AtomicBool,
}

impl Shared {
    pub(super) fn new(settings: ServeSettings) -> Self {
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder
            .http1()
            // The watchdog does this; see there.
            .header_read_timeout(None)
            .half_close(settings.half_close)
            .max_buf_size(MAX_BUFFER);
        builder
            .http2()
            .timer(TokioTimer::new())
            // A peer whose network has vanished is noticed although nothing is written to it for a long time.
            .keep_alive_interval(PING)
            .keep_alive_timeout(PING)
            .max_concurrent_streams(200);
        Self {
            builder,
            settings,
            drain: CancellationToken::new(),
            draining: AtomicBool::new(false),
        }
    }

    /// Begins the drain.
    pub(super) fn drain(&self) {
        self.draining.store(true, Ordering::Release);
        self.drain.cancel();
    }
}

/// Serves the connection until it is closed, idle too long, drained, or upgraded: then it belongs to whoever answered 101.
pub(super) async fn serve_connection<I, S, B>(
    stream: I,
    peer: Option<Peer>,
    service: S,
    shared: Arc<Shared>,
) where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let activity = Arc::new(Activity::default());
    let service = Tracked {
        service,
        peer,
        activity: Arc::clone(&activity),
    };
    let write_timeout = shared.settings.write_timeout;
    let io = TokioIo::new(Watched::new(stream, Arc::clone(&activity), write_timeout));
    let mut connection = pin!(shared.builder.serve_connection_with_upgrades(io, service));
    let (header_timeout, idle_timeout) =
        (shared.settings.header_timeout, shared.settings.idle_timeout);
    let mut timer = pin!(sleep(header_timeout));
    let mut watchdog = Watchdog::new(&activity, header_timeout, idle_timeout);
    let mut drain = pin!(shared.drain.cancelled());
    // Both register their wakers here and are only looked at later, so that a poll of the connection doesn't pay
    // for them. The wakers stay good, because a spawned task keeps its waker.
    let (mut registered, mut draining) = (false, false);

    poll_fn(|cx: &mut Context<'_>| {
        if !std::mem::replace(&mut registered, true) {
            let _ = timer.as_mut().poll(cx);
            let _ = drain.as_mut().poll(cx);
        }
        if !draining && shared.draining.load(Ordering::Acquire) {
            draining = true;
            connection.as_mut().graceful_shutdown();
        }
        if let Poll::Ready(result) = connection.as_mut().poll(cx) {
            if let Err(error) = result {
                tracing::debug!("connection ended: {error}");
            }
            return Poll::Ready(());
        }
        match watchdog.poll(timer.as_mut(), cx) {
            Poll::Pending => return Poll::Pending,
            // The socket says 408 at the next read, and hyper sees the end of the input.
            Poll::Ready(Expired::Head) => activity.expire_head(),
            // Sends HTTP/2's GOAWAY.
            Poll::Ready(Expired::Idle | Expired::Linger) => connection.as_mut().graceful_shutdown(),
        }
        // Once more, to let that happen; then it is over either way.
        let _ = connection.as_mut().poll(cx);
        Poll::Ready(())
    })
    .await;
}
