//! A Socket.IO client on a bare WebSocket, the same for Waypost and for the design that it replaces.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail, ensure};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async};

/// Engine.IO's packets, as the first character of a message (protocol 4).
const OPEN: &str = "0";
const PING: &str = "2";
const PONG: &str = "3";
/// Socket.IO's within them (protocol 5).
const CONNECT: &str = "40";
const EVENT: &str = "42";

/// A connected client.
pub(super) struct Socket(Box<WebSocketStream<TcpStream>>);

impl Socket {
    /// Connects to the namespace `/` with this token.
    pub(super) async fn connect(at: SocketAddr, token: &str) -> Result<Self> {
        let stream = TcpStream::connect(at).await.context("connect")?;
        stream.set_nodelay(true)?;
        let url = format!("ws://{at}/socket.io/?EIO=4&transport=websocket");
        let (stream, _answer) = client_async(url, stream).await.context("WebSocket")?;
        let mut socket = Self(Box::new(stream));
        let open = socket.packet().await?;
        ensure!(open.starts_with(OPEN), "not opened, but answered {open}");
        let connect = format!(r#"{CONNECT}{{"token":"{token}"}}"#);
        socket.0.send(Message::text(connect)).await?;
        let answer = socket.packet().await?;
        ensure!(answer.starts_with(CONNECT), "refused: {answer}");
        Ok(socket)
    }

    /// The next event, from the character on that names its type. Answers pings meanwhile.
    pub(super) async fn event(&mut self) -> Result<Utf8Bytes> {
        loop {
            let packet = self.packet().await?;
            if packet.starts_with(EVENT) {
                return Ok(packet);
            }
        }
    }

    async fn packet(&mut self) -> Result<Utf8Bytes> {
        loop {
            match self.0.next().await.context("the server hung up")?? {
                Message::Text(text) if text.as_str() == PING => {
                    self.0.send(Message::text(PONG)).await?;
                }
                Message::Text(text) => return Ok(text),
                Message::Close(_) => bail!("the server closed the connection"),
                _ => {}
            }
        }
    }
}
