//! A client of server-sent events, as bytes.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail, ensure};
use memchr::memmem;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Connects, and returns the connection when the server has told where the stream begins: what is published from then on
/// comes.
pub(super) async fn connect(at: SocketAddr, token: &str) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(at).await.context("connect")?;
    let request = format!(
        "GET /v1/events HTTP/1.1\r\nHost: {at}\r\nAccept: text/event-stream\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut read = Vec::with_capacity(1_024);
    loop {
        if stream.read_buf(&mut read).await? == 0 {
            bail!("the server hung up before the first position");
        }
        let Some(head) = memmem::find(&read, b"\r\n\r\n") else {
            continue;
        };
        let fine = read.starts_with(b"HTTP/1.1 200 ");
        ensure!(fine, "answered {}", String::from_utf8_lossy(&read[..head]));
        if memmem::find(&read[head..], b"id: ").is_some() && read.ends_with(b"\n\n\r\n") {
            return Ok(stream);
        }
    }
}
