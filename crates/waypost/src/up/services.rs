//! Ingress and worker as tasks of this process, each with its own end.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, anyhow};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

/// How long a service may take to say that it is ready.
const READY: Duration = Duration::from_secs(60);

/// Between two questions whether it is.
const ASK_AGAIN: Duration = Duration::from_millis(20);

/// A running service.
pub(super) struct Service {
    name: &'static str,
    stop: CancellationToken,
    task: JoinHandle<anyhow::Result<()>>,
    admin: SocketAddr,
}

impl Service {
    /// Starts `run` with an admin listener on `admin` (a free port of loopback when `None`) and the future that ends it.
    pub(super) async fn start<F>(
        name: &'static str,
        admin: Option<SocketAddr>,
        run: impl FnOnce(TcpListener, CancellationToken) -> F,
    ) -> anyhow::Result<Self>
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let address = admin.unwrap_or((Ipv4Addr::LOCALHOST, 0).into());
        let listener = bind(address, "admin.listen").await?;
        let admin = listener.local_addr()?;
        let stop = CancellationToken::new();
        let task = tokio::spawn(run(listener, stop.clone()));
        Ok(Self {
            name,
            stop,
            task,
            admin,
        })
    }

    /// Where its admin endpoints are.
    pub(super) fn admin_url(&self) -> String {
        format!("http://{}", reachable(self.admin))
    }

    /// Waits until it says that it is ready.
    pub(super) async fn ready(&mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + READY;
        while !is_ready(reachable(self.admin)).await {
            if self.task.is_finished() {
                return Err(self.ended().await);
            }
            anyhow::ensure!(
                Instant::now() < deadline,
                "the {} was not ready within {READY:?}; its log says why",
                self.name
            );
            sleep(ASK_AGAIN).await;
        }
        Ok(())
    }

    /// Waits until it ends although nobody told it to, and says why.
    pub(super) async fn ended(&mut self) -> anyhow::Error {
        match (&mut self.task).await {
            Ok(Ok(())) => anyhow!("the {} ended by itself", self.name),
            Ok(Err(error)) => error.context(format!("the {} stopped", self.name)),
            Err(_) => anyhow!("the {} panicked", self.name),
        }
    }

    /// Lets it drain and waits for its end. Does nothing when it has ended.
    pub(super) async fn stop(self) -> anyhow::Result<()> {
        if self.task.is_finished() {
            return Ok(());
        }
        self.stop.cancel();
        self.task
            .await
            .with_context(|| format!("the {} panicked", self.name))?
    }
}

/// Opens a listener, or says in one line which port is taken and what to do.
pub(super) async fn bind(address: SocketAddr, key: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address} ({key}): stop what uses that port or choose another")
    })
}

/// The address at which we reach a listener of ours, also one on all interfaces.
pub(super) fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    address
}

async fn is_ready(admin: SocketAddr) -> bool {
    let ask = async {
        let mut stream = TcpStream::connect(admin).await?;
        stream
            .write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            .await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>(answer.starts_with(b"HTTP/1.1 200"))
    };
    matches!(timeout(Duration::from_secs(2), ask).await, Ok(Ok(true)))
}
