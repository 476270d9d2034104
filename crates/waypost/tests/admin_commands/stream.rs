//! A realtime service that says to each connection what the test wants.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What a connection gets, piece by piece.
pub(crate) struct Answer {
    pieces: Vec<Vec<u8>>,
    /// Whether it stays open after that.
    open: bool,
}

/// The head of a stream; its body ends with the connection.
const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n\r\n";

impl Answer {
    /// A stream that ends after this.
    pub(crate) fn stream(text: &str) -> Self {
        Self {
            pieces: vec![HEAD.into(), text.into()],
            open: false,
        }
    }

    /// A stream that stays open after this, which comes letter by letter.
    pub(crate) fn open(text: &str) -> Self {
        let letters = text.bytes().map(|byte| vec![byte]);
        Self {
            pieces: std::iter::once(HEAD.into()).chain(letters).collect(),
            open: true,
        }
    }

    /// A stream that breaks off: more was to come.
    pub(crate) fn broken(text: &str) -> Self {
        let head = HEAD.replace("\r\n\r\n", "\r\ncontent-length: 1000000\r\n\r\n");
        Self {
            pieces: vec![head.into(), text.into()],
            open: false,
        }
    }

    /// A refusal.
    pub(crate) fn problem(status: u16, detail: &str) -> Self {
        let body =
            serde_json::json!({"title": "No", "status": status, "detail": detail}).to_string();
        let head = format!(
            "HTTP/1.1 {status} No\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        Self {
            pieces: vec![head.into(), body.into()],
            open: false,
        }
    }
}

/// An event as the real one writes it.
pub(crate) fn event(position: &str, kind: &str, data: &serde_json::Value) -> String {
    let json = serde_json::json!({
        "id": "ab12", "position": position, "kind": kind, "phone_number_id": "106540352242922", "data": data,
    });
    format!("id: {position}\nevent: {kind}\ndata: {json}\n\n")
}

/// The heads of the requests that came.
#[derive(Clone, Default)]
pub(crate) struct Asked(Arc<Mutex<Vec<String>>>);

impl Asked {
    pub(crate) fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// A header of one of them.
    pub(crate) fn header(&self, request: usize, name: &str) -> Option<String> {
        let asked = self.0.lock().unwrap();
        let mut lines = asked[request]
            .lines()
            .filter_map(|line| line.split_once(": "));
        let found = lines.find(|(header, _)| header.eq_ignore_ascii_case(name))?;
        Some(found.1.to_owned())
    }
}

/// Gives one answer to each connection, in this order. Returns its address and what it is asked.
pub(crate) async fn serve(answers: impl IntoIterator<Item = Answer>) -> (String, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (asked, answers) = (Asked::default(), Vec::from_iter(answers));
    let keep = asked.clone();
    tokio::spawn(async move {
        let mut held = Vec::new();
        for answer in answers {
            let (mut connection, _) = listener.accept().await.unwrap();
            let head = head(&mut connection).await;
            keep.0.lock().unwrap().push(head);
            for piece in &answer.pieces {
                // The other side may have had enough.
                let _ = connection.write_all(piece).await;
                let _ = connection.flush().await;
            }
            if answer.open {
                held.push(connection);
            }
        }
        std::future::pending::<()>().await;
    });
    (url, asked)
}

async fn head(connection: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(connection.read_u8().await.unwrap());
    }
    String::from_utf8(bytes).unwrap()
}
