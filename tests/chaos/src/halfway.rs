use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use waypost_harness::services::APP_SECRET;
use waypost_whatsapp::signature::sign;

/// A webhook of which the ingress has the first half: a large one, over a slow line.
#[derive(Debug)]
pub struct Halfway {
    stream: TcpStream,
    rest: Vec<u8>,
}

impl Halfway {
    /// Sends the first half, and returns when the ingress is at work on it.
    ///
    /// # Panics
    /// When the ingress does not want it.
    pub async fn post(ingress: SocketAddr, body: &[u8]) -> Self {
        let mut stream = TcpStream::connect(ingress).await.expect("the ingress");
        let head = format!(
            "POST /webhook HTTP/1.1\r\nhost: {ingress}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
             x-hub-signature-256: {}\r\nexpect: 100-continue\r\n\r\n",
            body.len(),
            sign(APP_SECRET.as_bytes(), body),
        );
        stream.write_all(head.as_bytes()).await.expect("a head");
        let mut answer = [0; 128];
        let read = stream.read(&mut answer).await.expect("an answer");
        let answer = String::from_utf8_lossy(&answer[..read]);
        assert!(answer.starts_with("HTTP/1.1 100 "), "{answer}");
        let (half, rest) = body.split_at(body.len() / 2);
        stream.write_all(half).await.expect("half a body");
        Self {
            stream,
            rest: rest.to_owned(),
        }
    }

    /// Sends the other half. The answer, until the connection is closed.
    ///
    /// # Panics
    /// When the connection breaks.
    pub async fn finish(mut self) -> String {
        let sent = self.stream.write_all(&self.rest).await;
        sent.expect("the other half");
        let mut answer = Vec::new();
        let read = self.stream.read_to_end(&mut answer).await;
        read.expect("an answer, and the end of the connection");
        String::from_utf8_lossy(&answer).into_owned()
    }
}
