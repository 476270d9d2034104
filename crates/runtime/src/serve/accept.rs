//! Accepting: one permit a connection, one task a connection.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tower::Service;

use super::Peer;
use super::connection::{Shared, serve_connection};

/// Pause after an error that will come again at once, such as too many open files: long enough not to spin, short
/// enough that nobody notices when a descriptor is free again.
const BACKOFF: Duration = Duration::from_millis(100);

/// Accepts for ever.
pub(super) async fn accept<S, B>(
    listener: &TcpListener,
    service: &S,
    shared: &Arc<Shared>,
    connections: &mut JoinSet<()>,
) where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let places = Arc::new(Semaphore::new(shared.settings.max_connections));
    loop {
        // Before the accept, so that the kernel keeps whoever there is no place for.
        let Ok(permit) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        let (stream, peer) = next(listener).await;
        let peer = shared.settings.tell_peer.then_some(peer);
        connections.spawn(connect(
            stream,
            peer,
            service.clone(),
            Arc::clone(shared),
            permit,
        ));
        // A JoinSet keeps what has finished until somebody asks.
        while connections.try_join_next().is_some() {}
    }
}

async fn next(listener: &TcpListener) -> (TcpStream, Peer) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, Peer(peer)),
            // The peer was gone before we came; the next one is fine.
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!("cannot accept connections: {error}; trying again");
                sleep(BACKOFF).await;
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
    )
}

async fn connect<S, B>(
    stream: TcpStream,
    peer: Option<Peer>,
    service: S,
    shared: Arc<Shared>,
    permit: OwnedSemaphorePermit,
) where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    // Without it the second small answer on a connection may wait 40 ms for the first one's acknowledgement. An
    // error means that the peer has gone; the first read will tell.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!("cannot set TCP_NODELAY: {error}");
    }
    match shared.settings.tls.clone() {
        None => serve_connection(stream, peer, service, shared).await,
        Some(tls) => {
            match timeout(shared.settings.header_timeout, Box::pin(tls.accept(stream))).await {
                // Boxed, or every plain connection would carry the room for this one.
                Ok(Ok(stream)) => Box::pin(serve_connection(stream, peer, service, shared)).await,
                Ok(Err(error)) => tracing::debug!("TLS handshake failed: {error}"),
                Err(_) => tracing::debug!("TLS handshake timed out"),
            }
        }
    }
    drop(permit);
}
