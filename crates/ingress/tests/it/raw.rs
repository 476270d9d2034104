//! HTTP by hand, for what no client library would send.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use waypost_whatsapp::signature::sign;

use crate::service::SECRET;

/// A POST with the right length and the signature given.
pub(crate) fn post(signature: &str, body: &[u8]) -> Vec<u8> {
    post_with(&format!("x-hub-signature-256: {signature}\r\n"), body)
}

/// A POST with these header lines, each ended by CR LF.
pub(crate) fn post_with(headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST /webhook HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{headers}\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// A POST signed with the first secret.
pub(crate) fn signed(body: &[u8]) -> Vec<u8> {
    post(&sign(SECRET.as_bytes(), body), body)
}

/// Sends the bytes on a connection of their own and returns the first answer, whole.
pub(crate) async fn exchange(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The server may have answered and closed before all is sent.
    let _ = stream.write_all(request).await;
    answer(&mut stream).await
}

/// Reads one answer: its head, and as much body as that promises.
pub(crate) async fn answer(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        if let Some(length) = complete(&bytes) {
            bytes.truncate(length);
            return String::from_utf8(bytes).unwrap();
        }
        let mut chunk = [0; 4096];
        let read = timeout(Duration::from_secs(15), stream.read(&mut chunk)).await;
        match read.expect("no answer in 15 s") {
            Ok(0) | Err(_) => return String::from_utf8(bytes).unwrap(),
            Ok(n) => bytes.extend_from_slice(&chunk[..n]),
        }
    }
}

/// Whether the server has closed the connection, or does so soon.
pub(crate) async fn is_closed(stream: &mut TcpStream) -> bool {
    let mut rest = [0; 16];
    matches!(
        timeout(Duration::from_secs(10), stream.read(&mut rest)).await,
        Ok(Ok(0) | Err(_))
    )
}

pub(crate) fn status(answer: &str) -> u16 {
    let code = answer
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3));
    code.and_then(|code| code.parse().ok())
        .unwrap_or_else(|| panic!("no answer but {answer:?}"))
}

pub(crate) fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next()?;
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

fn complete(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&bytes[..head]).ok()?;
    let length: usize = header(text, "content-length")
        .and_then(|value| value.parse().ok())
        .unwrap_or(0);
    (bytes.len() >= head + length).then_some(head + length)
}
