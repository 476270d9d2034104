//! A client over a bare WebSocket, which reads when it is asked to and says what it likes.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::common::{PATIENCE, Service};

pub(crate) struct Raw(WebSocketStream<TcpStream>);

impl Raw {
    /// A session that has not connected yet. The kernel keeps next to nothing for it.
    pub(crate) async fn open(service: &Service) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let stream = socket.connect(service.address).await.unwrap();
        let url = format!(
            "ws://{}/socket.io/?EIO=4&transport=websocket",
            service.address
        );
        let (socket, _) = client_async(url, stream).await.unwrap();
        let mut raw = Self(socket);
        let open = raw.next().await.unwrap();
        assert!(open.starts_with("0{"), "{open}");
        raw
    }

    /// One that has connected, and is told everything after `position`.
    pub(crate) async fn connect(service: &Service, token: &str, position: Option<&str>) -> Self {
        let mut raw = Self::open(service).await;
        let answer = raw.show(token, position).await;
        assert!(answer.starts_with("40{"), "{answer}");
        raw
    }

    /// Sends CONNECT; the answer.
    pub(crate) async fn show(&mut self, token: &str, position: Option<&str>) -> String {
        let mut auth = json!({ "token": token });
        if let Some(position) = position {
            auth["position"] = json!(position);
        }
        self.say(&format!("40{auth}")).await;
        self.next().await.unwrap()
    }

    pub(crate) async fn say(&mut self, text: &str) {
        // It may have been cut by now.
        let _ = self.0.send(Message::text(text)).await;
    }

    pub(crate) async fn say_binary(&mut self, bytes: &'static [u8]) {
        let _ = self.0.send(Message::binary(bytes)).await;
    }

    /// The next packet that is no heartbeat. `None` at the end, however it came.
    pub(crate) async fn next(&mut self) -> Option<String> {
        loop {
            let message = timeout(PATIENCE, self.0.next()).await;
            match message.expect("something comes")? {
                Ok(Message::Text(text)) if text == "2" => self.say("3").await,
                Ok(Message::Text(text)) => return Some(text.to_string()),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(other) => panic!("{other:?}"),
            }
        }
    }

    /// Reads to the end: the numbers of the events, and the goodbye if there was one.
    pub(crate) async fn rest(&mut self) -> (Vec<u64>, Option<Value>) {
        let (mut numbers, mut bye) = (Vec::new(), None);
        while let Some(packet) = self.next().await {
            let Some(event) = packet.strip_prefix("42") else {
                assert_eq!(packet, "1", "a packet that nobody was promised");
                continue;
            };
            let event: Value = serde_json::from_str(event).unwrap();
            match event[0].as_str().unwrap() {
                "message" => numbers.push(event[1]["data"]["n"].as_u64().unwrap()),
                "bye" => bye = Some(event[1].clone()),
                "position" => {}
                other => panic!("{other}"),
            }
        }
        (numbers, bye)
    }
}
