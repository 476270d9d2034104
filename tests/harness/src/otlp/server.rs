use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener as Bound};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::sync::oneshot;

/// Any free port of this machine.
pub(super) const ANYWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// A listener on a thread of its own, so that a busy test does not hold it up, and it may outlive the runtime of a test.
/// Once it is dropped all of it is gone: the listener, and every connection.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) address: SocketAddr,
    /// Nothing is ever sent: the end of it is the end of the server.
    stop: Option<oneshot::Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts one that hands over each connection.
    pub(super) fn start(
        address: SocketAddr,
        mut each: impl FnMut(TcpStream) + Send + 'static,
    ) -> Self {
        // At once, not on the thread: from now on connections wait for it.
        let listener = Bound::bind(address).expect("the address is free");
        listener.set_nonblocking(true).expect("a socket for tokio");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel();
        let serve = async move {
            let listener = TcpListener::from_std(listener).expect("a listener");
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                each(stream);
            }
        };
        let thread = thread::spawn(move || {
            let mut runtime = Builder::new_current_thread();
            let runtime = runtime.enable_all().build().expect("a runtime");
            runtime.block_on(async {
                tokio::select! {
                    () = serve => {}
                    _ = stopped => {}
                }
            });
        });
        Self {
            address,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Where to send.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // It has told itself why, if it failed.
            let _ = thread.join();
        }
    }
}

/// Takes every connection and never says anything.
#[derive(Debug)]
pub struct Hanging {
    server: Server,
    connections: Arc<AtomicUsize>,
}

impl Hanging {
    /// Starts one at any port.
    pub fn start() -> Self {
        Self::at(ANYWHERE)
    }

    /// Starts one at an address, which may have been another's a moment ago.
    pub fn at(address: SocketAddr) -> Self {
        let connections = Arc::<AtomicUsize>::default();
        let counted = Arc::clone(&connections);
        let mut held = Vec::new();
        let server = Server::start(address, move |stream| {
            held.push(stream);
            counted.store(held.len(), Ordering::Relaxed);
        });
        Self {
            server,
            connections,
        }
    }

    /// Where to send.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// How many connections there have been.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}
