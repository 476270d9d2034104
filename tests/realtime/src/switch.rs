use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A load balancer before several replicas: new connections go where it points, those that stand go on.
#[derive(Debug)]
pub struct Switch {
    address: SocketAddr,
    target: watch::Sender<SocketAddr>,
    accepting: JoinHandle<()>,
}

impl Switch {
    /// One that points to `target`.
    ///
    /// # Panics
    /// When no port can be opened.
    pub async fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (target, watching) = watch::channel(target);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let target = *watching.borrow();
                tokio::spawn(carry(client, target));
            }
        });
        Self {
            address,
            target,
            accepting,
        }
    }

    /// Where to connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on, new connections go there.
    pub fn point_to(&self, target: SocketAddr) {
        self.target.send_replace(target);
    }
}

impl Drop for Switch {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn carry(mut client: TcpStream, target: SocketAddr) {
    if let Ok(mut server) = TcpStream::connect(target).await {
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        // However it ends, both ends are closed.
        let _ = copy_bidirectional(&mut client, &mut server).await;
    }
}
