//! Memory of an ingress with a thousand idle connections.

use std::time::Duration;

use anyhow::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::report::Report;
use super::stack::Stack;
use crate::client::requests;
use crate::corpus::webhooks;
use crate::process::resident_mib;

const CONNECTIONS: usize = 1_000;

pub(super) async fn measure(report: &mut Report) -> Result<()> {
    let stack = Stack::start().await?;
    let (ingress, address) = stack.ingress().await?;
    let request = requests(&webhooks(1, 1), "/webhook");
    let mut idle = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        // Each has sent a webhook, as a real one has, so that its buffers exist.
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(&request[0]).await?;
        let mut answer = [0; 512];
        let _ = stream.read(&mut answer).await?;
        idle.push(stream);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    report.figure("ingress_idle_rss_mib", vec![resident_mib(ingress.pid())?]);
    drop(idle);
    ingress.stop().await
}
