//! Accepts connections, HTTP/1 and HTTP/2 alike, and breaks them when told to.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http::Version;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use super::route::route;
use super::shared::Shared;

/// Before accepting again when the system has no more descriptors.
const PAUSE: Duration = Duration::from_millis(20);

pub(super) async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let stop = shared.stop.clone();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let connection = serve(stream, Arc::clone(&shared));
                let stop = stop.clone();
                shared.tasks.spawn(async move {
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = connection => {}
                    }
                });
            }
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let _ = stream.set_nodelay(true);
    let doomed = Arc::new(AtomicBool::new(false));
    let line = Line {
        stream,
        doomed: Arc::clone(&doomed),
    };
    let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
        let (shared, doomed) = (Arc::clone(&shared), Arc::clone(&doomed));
        async move {
            // In HTTP/2 the stream alone is reset: others on the connection have done nothing.
            let alone = request.version() < Version::HTTP_2;
            let answer = route(&shared, request).await;
            if answer.is_err() && alone {
                doomed.store(true, Ordering::Release);
            }
            answer
        }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // Callers keep connections as long as they like.
    builder.http1().header_read_timeout(None);
    let _ = builder.serve_connection(TokioIo::new(line), service).await;
}

/// A connection that is reset, not closed, when its end comes early.
struct Line {
    stream: TcpStream,
    doomed: Arc<AtomicBool>,
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.doomed.load(Ordering::Acquire) {
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
