//! A network that can be cut: a TCP proxy between a service and what it depends on.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What the network does at this moment.
#[derive(Clone, Copy, Debug, Default)]
struct Weather {
    /// Connections are closed, new ones are closed at once.
    cut: bool,
    /// Nothing arrives, nothing is closed: a cable pulled out, a firewall that drops.
    blackhole: bool,
    /// Added to everything that goes one way.
    latency: Duration,
}

/// A proxy to one address. Everything ends when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    weather: watch::Sender<Weather>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// Opens a proxy to `target`, in fair weather.
    ///
    /// # Panics
    /// When no port can be opened.
    pub async fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (weather, watching) = watch::channel(Weather::default());
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if watching.borrow().cut {
                    continue;
                }
                tokio::spawn(carry(client, target, watching.clone()));
            }
        });
        Self {
            address,
            weather,
            accepting,
        }
    }

    /// Where to connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// An address like `redis://…` or `postgres://…` with its host and port replaced by the proxy's.
    ///
    /// # Panics
    /// When `url` has no host and port.
    pub fn url(&self, url: &str) -> String {
        let (scheme, rest) = url.split_once("://").expect("scheme://");
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let login = authority
            .rsplit_once('@')
            .map(|(login, _)| format!("{login}@"))
            .unwrap_or_default();
        format!("{scheme}://{login}{}{path}", self.address)
    }

    /// Closes every connection and every new one.
    pub fn cut(&self) {
        self.weather.send_modify(|weather| weather.cut = true);
    }

    /// Lets nothing through and closes nothing. What was sent arrives after [`heal`](Self::heal), as TCP would do it.
    pub fn blackhole(&self) {
        self.weather.send_modify(|weather| weather.blackhole = true);
    }

    /// Delays everything, each way.
    pub fn latency(&self, latency: Duration) {
        self.weather
            .send_modify(|weather| weather.latency = latency);
    }

    /// Fair weather again.
    pub fn heal(&self) {
        self.weather.send_replace(Weather::default());
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn carry(client: TcpStream, target: SocketAddr, weather: watch::Receiver<Weather>) {
    let Ok(server) = TcpStream::connect(target).await else {
        return;
    };
    // An error only means small packets wait a little.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (client_read, client_write) = client.into_split();
    let (server_read, server_write) = server.into_split();
    let mut cut = weather.clone();
    tokio::select! {
        // Also when the proxy is dropped, which is an error here. Dropping both sockets closes them.
        _ = cut.wait_for(|weather| weather.cut) => {}
        () = both(pump(client_read, server_write, weather.clone()), pump(server_read, client_write, weather)) => {}
    }
}

async fn both(one: impl Future<Output = ()>, other: impl Future<Output = ()>) {
    tokio::join!(one, other);
}

async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut weather: watch::Receiver<Weather>,
) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = match from.read(&mut buffer).await {
            Ok(0) | Err(_) => break,
            Ok(read) => read,
        };
        let Ok(now) = weather
            .wait_for(|weather| !weather.blackhole)
            .await
            .map(|now| *now)
        else {
            return;
        };
        if !now.latency.is_zero() {
            tokio::time::sleep(now.latency).await;
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            break;
        }
    }
    // Half closed: the other way may go on.
    let _ = to.shutdown().await;
}
