//! Memory of clients that only wait.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::io::AsyncReadExt;
use tokio::task::JoinSet;

use super::service::{Realtime, token};
use super::socket::Socket;
use super::sse;
use crate::bench::report::Report;
use crate::bench::stack::Stack;
use crate::process::resident_mib;

const CLIENTS: usize = 2_000;
/// Longer than it takes until heartbeats and pings have gone both ways: their buffers are part of the price.
const SETTLE: Duration = Duration::from_secs(30);
/// They do nothing for this long while everybody else is measured.
const BEFORE: Duration = Duration::from_secs(1);

#[derive(Clone, Copy)]
enum Client {
    Sse,
    SocketIo,
}

pub(super) async fn measure(report: &mut Report) -> Result<()> {
    let stack = Stack::start().await?;
    for (name, client) in [
        ("sse_client_kib", Client::Sse),
        ("socketio_client_kib", Client::SocketIo),
    ] {
        report.figure(name, vec![price(&stack, client).await?]);
    }
    Ok(())
}

/// KiB of resident memory for each of many idle clients. A new process each time: memory that another kind of client
/// has left would be used again, and seem to cost nothing.
async fn price(stack: &Stack, client: Client) -> Result<f64> {
    let realtime = Realtime::start(stack).await?;
    let pid = realtime.program.pid();
    tokio::time::sleep(BEFORE).await;
    let before = resident_mib(pid)?;
    let token = token(&["100000000000000"])?;
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        client.connect(&mut clients, realtime.at, &token).await?;
    }
    tokio::time::sleep(SETTLE).await;
    ensure!(clients.try_join_next().is_none(), "a client was cut off");
    let after = resident_mib(pid)?;
    println!("{CLIENTS} idle clients: {before:.1} MiB before, {after:.1} MiB with them");
    clients.shutdown().await;
    realtime.program.stop().await?;
    Ok((after - before) * 1024.0 / CLIENTS as f64)
}

impl Client {
    /// Connects one, and leaves it to a task that ends only if the server ends it.
    async fn connect(self, tasks: &mut JoinSet<()>, at: SocketAddr, token: &str) -> Result<()> {
        match self {
            Self::Sse => {
                let mut stream = sse::connect(at, token).await?;
                tasks.spawn(async move {
                    let mut buffer = [0; 512];
                    while matches!(stream.read(&mut buffer).await, Ok(read) if read > 0) {}
                });
            }
            Self::SocketIo => {
                let mut socket = Socket::connect(at, token).await?;
                tasks.spawn(async move { while socket.event().await.is_ok() {} });
            }
        }
        Ok(())
    }
}
