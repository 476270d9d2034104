use serde_json::{Value, json};

use crate::websocket::WebSocket;
use crate::{Dial, Failed, Item};

/// A client of Socket.IO over WebSocket, written after the protocol. Reads only when it is asked to.
#[derive(Debug)]
pub struct SocketIo {
    socket: WebSocket,
}

impl SocketIo {
    /// Connects, and joins the namespace.
    ///
    /// # Errors
    /// When nobody answers, or the server will not have it.
    pub async fn connect(dial: &Dial) -> Result<Self, Failed> {
        let mut auth = json!({});
        if let Some(token) = &dial.token {
            auth["token"] = json!(token);
        }
        if let Some(after) = &dial.after {
            auth["position"] = json!(after);
        }
        Self::connect_with(dial, &auth).await
    }

    /// Connects with any `auth`.
    ///
    /// # Errors
    /// When nobody answers, or the server will not have it.
    ///
    /// # Panics
    /// When the server does not keep to the protocol.
    pub async fn connect_with(dial: &Dial, auth: &Value) -> Result<Self, Failed> {
        let socket = WebSocket::open(dial, "/socket.io/?EIO=4&transport=websocket").await?;
        let mut client = Self { socket };
        let open = client.packet().await;
        let open =
            open.ok_or_else(|| Failed::Unreachable("ended before the handshake".to_owned()))?;
        assert!(open.starts_with('0'), "no handshake of Engine.IO: {open}");
        client.socket.send(&format!("40{auth}")).await?;
        let answer = client.packet().await;
        let answer =
            answer.ok_or_else(|| Failed::Unreachable("ended before it was in".to_owned()))?;
        if let Some(error) = answer.strip_prefix("44") {
            return Err(Failed::NotConnected(parse(error)));
        }
        if answer == "1" || answer == "41" {
            return Err(Failed::Unreachable("closed without a word".to_owned()));
        }
        let joined = answer.strip_prefix("40").map(parse);
        assert!(
            joined.is_some_and(|joined| joined["sid"].is_string()),
            "neither in nor refused: {answer}"
        );
        Ok(client)
    }

    /// Waits for what comes next. `None` at the end, however it came. May be dropped.
    ///
    /// # Panics
    /// When something comes that no client was promised.
    pub async fn next(&mut self) -> Option<Item> {
        let packet = self.packet().await?;
        if packet == "41" || packet == "1" {
            return None;
        }
        let event = packet.strip_prefix("42");
        let event = event.unwrap_or_else(|| panic!("no event: {packet}"));
        let Value::Array(mut event) = parse(event) else {
            panic!("no event: {packet}");
        };
        let (json, name) = (event.pop(), event.pop());
        let name = name.as_ref().and_then(Value::as_str).unwrap_or_default();
        Some(Item::named(name, json.unwrap_or_default()))
    }

    /// The next packet that is no heartbeat.
    async fn packet(&mut self) -> Option<String> {
        loop {
            match self.socket.next().await? {
                ping if ping == "2" => self.socket.send("3").await.ok()?,
                noop if noop == "6" => {}
                packet => return Some(packet),
            }
        }
    }
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}
