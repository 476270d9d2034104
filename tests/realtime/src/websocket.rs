use std::io;

use bytes::{Buf, BytesMut};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::{Dial, Failed};

/// The key of the standard's example; nothing depends on it here.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
/// What the standard's example answers to it.
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// As much of a WebSocket client (RFC 6455) as it takes to stop reading at will. Reads only when it is asked to.
#[derive(Debug)]
pub(crate) struct WebSocket {
    stream: TcpStream,
    buffer: BytesMut,
}

impl WebSocket {
    /// Connects to a path, query included.
    pub(crate) async fn open(dial: &Dial, path: &str) -> Result<Self, Failed> {
        let mut stream = dial.stream().await?;
        let origin = match &dial.origin {
            Some(origin) => format!("Origin: {origin}\r\n"),
            None => String::new(),
        };
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n{origin}\r\n",
            dial.address
        );
        stream.write_all(request.as_bytes()).await?;
        let mut socket = Self {
            stream,
            buffer: BytesMut::new(),
        };
        let head = socket.head().await?;
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
        if status != Some(101) {
            return Err(socket.refused(status.unwrap_or(0), &head).await);
        }
        assert!(head.contains(ACCEPT), "another key was accepted: {head}");
        Ok(socket)
    }

    /// Sends a text.
    pub(crate) async fn send(&mut self, text: &str) -> io::Result<()> {
        self.send_frame(1, text.as_bytes()).await
    }

    /// Waits for a text. `None` at the end, however it came. May be dropped.
    ///
    /// # Panics
    /// When something else comes.
    pub(crate) async fn next(&mut self) -> Option<String> {
        loop {
            match self.frame() {
                Some((1, payload)) => return Some(String::from_utf8(payload).expect("UTF-8")),
                Some((8, _)) => return None,
                Some((9, payload)) => self.send_frame(10, &payload).await.ok()?,
                Some((10, _)) => {}
                Some((code, _)) => panic!("a frame with code {code}"),
                None => {
                    if !matches!(self.stream.read_buf(&mut self.buffer).await, Ok(read) if read > 0)
                    {
                        return None;
                    }
                }
            }
        }
    }

    /// The head of the answer.
    async fn head(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = self.buffer.windows(4).position(|end| end == b"\r\n\r\n") {
                let head = self.buffer.split_to(end + 4);
                return Ok(String::from_utf8_lossy(&head).into_owned());
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    async fn refused(&mut self, status: u16, head: &str) -> Failed {
        let header = |name: &str| {
            head.lines().find_map(|line| {
                let (key, value) = line.split_once(':')?;
                key.eq_ignore_ascii_case(name)
                    .then(|| value.trim().to_owned())
            })
        };
        let length = header("content-length").and_then(|length| length.parse().ok());
        while self.buffer.len() < length.unwrap_or(0) {
            if !matches!(self.stream.read_buf(&mut self.buffer).await, Ok(read) if read > 0) {
                break;
            }
        }
        Failed::Refused {
            status,
            problem: serde_json::from_slice(&self.buffer).unwrap_or(Value::Null),
            retry_after: header("retry-after"),
        }
    }

    /// The next frame in the buffer, if it is whole: its code and what it carries. No extension was asked for, and a server masks
    /// nothing.
    fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let head = self.buffer.get(..2)?;
        assert_eq!(head[0] & 0xf0, 0x80, "a frame in pieces");
        assert_eq!(head[1] & 0x80, 0, "a masked frame");
        let (code, short) = (head[0] & 0x0f, usize::from(head[1]));
        let big_endian = |bytes: &[u8]| {
            bytes
                .iter()
                .fold(0, |sum, &byte| sum << 8 | usize::from(byte))
        };
        let (start, length) = match short {
            126 => (4, big_endian(self.buffer.get(2..4)?)),
            127 => (10, big_endian(self.buffer.get(2..10)?)),
            short => (2, short),
        };
        let payload = self.buffer.get(start..start + length)?.to_vec();
        self.buffer.advance(start + length);
        Some((code, payload))
    }

    /// Clients must mask; a mask of noughts changes nothing.
    async fn send_frame(&mut self, code: u8, payload: &[u8]) -> io::Result<()> {
        let mut frame = vec![0x80 | code];
        match u16::try_from(payload.len()).expect("a short text") {
            short @ 0..126 => frame.push(0x80 | short as u8),
            long => {
                frame.push(0x80 | 126);
                frame.extend(long.to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(payload);
        self.stream.write_all(&frame).await
    }
}
