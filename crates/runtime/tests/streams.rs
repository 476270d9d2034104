//! Connections that last: streams without an end, upgrades, and peers that take nothing.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{CONNECTION, UPGRADE};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body::{Body, Frame};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Interval, interval, timeout};
use waypost_runtime::{ServeSettings, serve};

/// Says something now and then, or all the time. Whether it is still there shows in the number of senders.
struct Talk {
    ticks: Option<Interval>,
    _alive: mpsc::Sender<()>,
}

impl Body for Talk {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let data = match &mut self.ticks {
            Some(ticks) => {
                ready!(ticks.poll_tick(cx));
                Bytes::from_static(b"tick\n")
            }
            None => Bytes::from_static(&[b'x'; 4096]),
        };
        Poll::Ready(Some(Ok(Frame::data(data))))
    }
}

async fn start(settings: ServeSettings) -> (SocketAddr, mpsc::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, bodies) = mpsc::channel(1);
    let service = tower::service_fn(move |request: Request<Incoming>| {
        let ticks = match request.uri().path() {
            "/flood" => None,
            _ => Some(interval(Duration::from_millis(100))),
        };
        let mut response = Response::new(Talk {
            ticks,
            _alive: sender.clone(),
        });
        if request.headers().contains_key(UPGRADE) {
            *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
            let headers = response.headers_mut();
            headers.insert(UPGRADE, HeaderValue::from_static("echo"));
            headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
            match request.uri().path() {
                "/stubborn" => tokio::spawn(stubborn(request)),
                _ => tokio::spawn(echo(request)),
            };
        }
        async move { Ok::<_, Infallible>(response) }
    });
    tokio::spawn(serve(listener, service, settings, std::future::pending()));
    (address, bodies)
}

async fn echo(request: Request<Incoming>) {
    let mut io = TokioIo::new(hyper::upgrade::on(request).await.unwrap());
    let mut buffer = [0; 64];
    while let Ok(length @ 1..) = io.read(&mut buffer).await {
        io.write_all(&buffer[..length]).await.unwrap();
    }
}

/// Writes on after an error, until the input ends.
async fn stubborn(request: Request<Incoming>) {
    let mut io = TokioIo::new(hyper::upgrade::on(request).await.unwrap());
    while io.write_all(&[b'x'; 4096]).await.is_ok() {}
    // By now the peer may take something.
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(5)).await;
        let _ = io.write_all(b"after a gap").await;
    }
}

fn quick() -> ServeSettings {
    ServeSettings {
        header_timeout: Duration::from_millis(200),
        idle_timeout: Duration::from_millis(200),
        half_close: false,
        write_timeout: Some(Duration::from_millis(500)),
        ..ServeSettings::default()
    }
}

async fn get(address: SocketAddr, path: &str, more: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let text = format!("GET {path} HTTP/1.1\r\nhost: x\r\n{more}\r\n");
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn a_stream_is_not_idle_and_its_reader_is_missed_at_once() {
    let (address, bodies) = start(quick()).await;
    let mut stream = get(address, "/talk", "").await;
    let start = Instant::now();
    let mut buffer = [0; 256];
    // Ten times the idle timeout.
    while start.elapsed() < Duration::from_secs(2) {
        let read = timeout(Duration::from_secs(1), stream.read(&mut buffer)).await;
        assert!(
            read.unwrap().unwrap() > 0,
            "cut after {:?}",
            start.elapsed()
        );
    }
    drop(stream);
    // The service holds one sender, and every body one.
    let gone = async {
        while bodies.sender_strong_count() > 1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(2), gone).await.unwrap();
}

#[tokio::test]
async fn a_peer_that_takes_nothing_is_cut() {
    let (address, bodies) = start(quick()).await;
    let _stream = get(address, "/flood", "").await;
    let begun = async {
        while bodies.sender_strong_count() == 1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        while bodies.sender_strong_count() > 1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(10), begun).await.unwrap();
}

#[tokio::test]
async fn an_upgraded_connection_belongs_to_who_upgraded_it() {
    let (address, _bodies) = start(quick()).await;
    let mut stream = get(address, "/", "connection: upgrade\r\nupgrade: echo\r\n").await;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101"));
    // Longer than the timeouts of what it was before.
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        stream.write_all(b"hello").await.unwrap();
        let mut back = [0; 5];
        stream.read_exact(&mut back).await.unwrap();
        assert_eq!(&back, b"hello");
    }
}

#[tokio::test]
async fn nothing_comes_after_what_a_peer_did_not_take() {
    let (address, _bodies) = start(quick()).await;
    let upgrade = "connection: upgrade\r\nupgrade: echo\r\n";
    let mut stream = get(address, "/stubborn", upgrade).await;
    // Longer than a peer may take nothing.
    tokio::time::sleep(Duration::from_millis(700)).await;
    let mut all = Vec::new();
    let end = stream.read_to_end(&mut all);
    timeout(Duration::from_secs(10), end)
        .await
        .unwrap()
        .unwrap();
    let body = all.split_off(all.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4);
    assert!(!body.is_empty() && body.iter().all(|&byte| byte == b'x'));
}
