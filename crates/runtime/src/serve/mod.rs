//! The accept loop of every listener.
//!
//! HTTP/1.1 and HTTP/2 on one port (prior knowledge without TLS, ALPN with it). Each connection is a task of its
//! own that holds a permit; each races its work against the drain signal, turns graceful, and gives its permit back
//! only when it is done.

mod accept;
mod activity;
mod connection;
mod io;
mod watchdog;

use std::error::Error;
use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tower::Service;

use crate::tls::Tls;
use connection::Shared;

/// Limits of a listener.
#[derive(Clone, Debug)]
pub struct ServeSettings {
    /// Connections served at once. Beyond it the loop stops accepting and newcomers wait in the kernel's queue:
    /// they cost us nothing there, and a place is free as soon as a connection ends or its time is up. Refusing
    /// them with an answer would cost a connection each, which is what there are too many of.
    pub max_connections: usize,
    /// For the TLS handshake, then for the first byte and the whole head of every request.
    pub header_timeout: Duration,
    /// A connection without requests is closed after one to two times this long. Longer than what load balancers
    /// keep an idle connection for (often 60 s), or they send a request into a closing one.
    pub idle_timeout: Duration,
    /// How long connections may take to finish once the drain has begun. What is left then is cut.
    pub drain_deadline: Duration,
    /// Speak TLS.
    pub tls: Option<Tls>,
    /// Over HTTP/1, go on with a request whose sender has closed its half of the connection: what it sent in full is worth an
    /// answer. The price is that a sender who has gone altogether is only noticed at the next write.
    pub half_close: bool,
    /// Put the [`Peer`] into the extensions of every request. It costs an allocation or two, which a hot path minds.
    pub tell_peer: bool,
    /// Cut a connection that takes no byte of what is written to it for this long. For streams without an end: other answers
    /// are small enough for the kernel.
    pub write_timeout: Option<Duration>,
}

/// The address at the other end of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// How a drain ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drained {
    /// Connections cut at the deadline.
    pub cut: usize,
}

impl Default for ServeSettings {
    fn default() -> Self {
        Self {
            max_connections: 10_000,
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            drain_deadline: Duration::from_secs(25),
            tls: None,
            half_close: true,
            tell_peer: false,
            write_timeout: None,
        }
    }
}

/// Serves `listener` until `shutdown` completes, then drains under one deadline.
///
/// The service must always be ready: limits belong inside it, where they can answer.
pub async fn serve<S, B>(
    listener: TcpListener,
    service: S,
    settings: ServeSettings,
    shutdown: impl Future<Output = ()>,
) -> Drained
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let deadline = settings.drain_deadline;
    let shared = Arc::new(Shared::new(settings));
    let mut connections = JoinSet::new();
    let tls = shared.settings.tls.clone();
    tokio::select! {
        () = async { if let Some(tls) = &tls { tls.keep_fresh().await } else { pending().await } } => {}
        () = accept::accept(&listener, &service, &shared, &mut connections) => {}
        () = shutdown => {}
    }
    // Closed first: a load balancer that still tries gets a refusal at once and goes elsewhere.
    drop(listener);
    shared.drain();
    let finished = timeout(deadline, async {
        while connections.join_next().await.is_some() {}
    });
    let cut = match finished.await {
        Ok(()) => 0,
        Err(_) => connections.len(),
    };
    if cut > 0 {
        tracing::warn!(
            cut,
            "connections were still busy at the drain deadline and were cut"
        );
    }
    connections.shutdown().await;
    Drained { cut }
}
