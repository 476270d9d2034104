//! The accept loop over real sockets: its limits, its timeouts, its drain.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use waypost_runtime::{Drained, ServeSettings, serve};

const GET: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";

/// A server that answers `/` at once, `/slow` when told, and everything by reading the body first, except `/413`.
struct Server {
    address: SocketAddr,
    release: Arc<Notify>,
    stop: oneshot::Sender<()>,
    done: JoinHandle<Drained>,
}

async fn start(settings: ServeSettings) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let release = Arc::new(Notify::new());
    let gate = Arc::clone(&release);
    let service = tower::service_fn(move |request: Request<Incoming>| {
        let gate = Arc::clone(&gate);
        async move { Ok::<_, Infallible>(answer(request, gate).await) }
    });
    let (stop, stopped) = oneshot::channel::<()>();
    let done = tokio::spawn(serve(listener, service, settings, async move {
        let _ = stopped.await;
    }));
    Server {
        address,
        release,
        stop,
        done,
    }
}

async fn answer(request: Request<Incoming>, gate: Arc<Notify>) -> Response<Full<Bytes>> {
    match request.uri().path() {
        "/413" => {
            let mut response = Response::new(Full::from("no"));
            *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
            return response;
        }
        "/slow" => gate.notified().await,
        _ => {}
    }
    let body = request.into_body().collect().await;
    Response::new(Full::from(
        body.map(|body| body.to_bytes()).unwrap_or_default(),
    ))
}

impl Server {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    async fn drain(self) -> Drained {
        self.stop.send(()).unwrap();
        self.done.await.unwrap()
    }
}

fn quick() -> ServeSettings {
    ServeSettings {
        header_timeout: Duration::from_millis(300),
        idle_timeout: Duration::from_millis(900),
        drain_deadline: Duration::from_secs(5),
        ..ServeSettings::default()
    }
}

async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let read = timeout(Duration::from_secs(10), stream.read_to_end(&mut text)).await;
    read.expect("the server did not close").unwrap();
    String::from_utf8(text).unwrap()
}

async fn read_answer(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    while !text.windows(4).any(|window| window == b"\r\n\r\n") {
        let mut byte = [0];
        let read = timeout(Duration::from_secs(10), stream.read(&mut byte)).await;
        assert_eq!(
            read.expect("no answer").unwrap(),
            1,
            "closed without an answer"
        );
        text.push(byte[0]);
    }
    String::from_utf8(text).unwrap()
}

#[tokio::test]
async fn a_silent_connection_is_closed_without_a_word() {
    let server = start(quick()).await;
    let begun = Instant::now();
    assert_eq!(read_to_end(&mut server.connect().await).await, "");
    assert!(begun.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn a_slow_head_is_answered_408_with_a_request_id() {
    let server = start(quick()).await;
    for beginning in [
        "P",
        "PRI * HTTP/2.0\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\nx-slow: ",
    ] {
        let mut stream = server.connect().await;
        stream.write_all(beginning.as_bytes()).await.unwrap();
        let text = read_to_end(&mut stream).await;
        assert!(
            text.starts_with("HTTP/1.1 408 ") && text.contains("x-request-id: "),
            "{beginning:?}: {text:?}"
        );
    }
}

#[tokio::test]
async fn a_slow_head_after_a_good_request_is_timed_on_its_own() {
    let server = start(quick()).await;
    let mut stream = server.connect().await;
    stream.write_all(GET).await.unwrap();
    assert!(read_answer(&mut stream).await.starts_with("HTTP/1.1 200"));
    stream.write_all(b"GET /").await.unwrap();
    assert!(read_to_end(&mut stream).await.starts_with("HTTP/1.1 408"));
}

#[tokio::test]
async fn a_quiet_connection_outlives_the_header_timeout_and_not_the_idle_one() {
    let server = start(quick()).await;
    let mut stream = server.connect().await;
    stream.write_all(GET).await.unwrap();
    read_answer(&mut stream).await;
    let begun = Instant::now();
    assert_eq!(read_to_end(&mut stream).await, "");
    assert!(
        begun.elapsed() >= Duration::from_millis(800),
        "closed after {:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn http2_by_prior_knowledge_works_and_survives_the_header_timeout() {
    let server = start(quick()).await;
    let io = TokioIo::new(server.connect().await);
    let (mut sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), io)
        .await
        .unwrap();
    tokio::spawn(connection);
    // Longer than the header timeout: the client's settings must not be taken for the beginning of a head.
    tokio::time::sleep(Duration::from_millis(600)).await;
    let request = Request::post("http://x/")
        .body(Full::<Bytes>::from("body"))
        .unwrap();
    let response = sender.send_request(request).await.unwrap();
    assert_eq!(
        response.into_body().collect().await.unwrap().to_bytes(),
        "body"
    );
    drop(sender);
    assert_eq!(server.drain().await, Drained { cut: 0 });
}

#[tokio::test]
async fn beyond_the_limit_connections_wait_for_a_place() {
    let settings = ServeSettings {
        max_connections: 1,
        idle_timeout: Duration::from_secs(60),
        ..quick()
    };
    let server = start(settings).await;
    let mut first = server.connect().await;
    first.write_all(GET).await.unwrap();
    read_answer(&mut first).await;
    let mut second = server.connect().await;
    second.write_all(GET).await.unwrap();
    let mut byte = [0];
    let early = timeout(Duration::from_millis(500), second.read(&mut byte)).await;
    assert!(early.is_err(), "the second was served beside the first");
    drop(first);
    assert!(read_answer(&mut second).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_refusal_reaches_a_sender_that_is_still_sending() {
    let server = start(quick()).await;
    let mut stream = server.connect().await;
    let body = vec![b'x'; 8 << 20];
    let head = format!(
        "POST /413 HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // Without lingering this write, or the read after it, ends in a reset.
    stream.write_all(&body).await.unwrap();
    assert!(read_to_end(&mut stream).await.starts_with("HTTP/1.1 413"));
}

#[tokio::test]
async fn a_half_closed_request_is_still_answered() {
    let server = start(quick()).await;
    let mut stream = server.connect().await;
    stream
        .write_all(b"POST /slow HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nab")
        .await
        .unwrap();
    stream.shutdown().await.unwrap();
    server.release.notify_one();
    assert!(read_to_end(&mut stream).await.ends_with("ab"));
}

#[tokio::test]
async fn a_drain_finishes_bodies_in_flight_closes_idle_ones_and_accepts_no_more() {
    let server = start(ServeSettings {
        header_timeout: Duration::from_secs(10),
        idle_timeout: Duration::from_secs(60),
        ..quick()
    })
    .await;
    let mut idle = server.connect().await;
    idle.write_all(GET).await.unwrap();
    read_answer(&mut idle).await;
    let mut busy = server.connect().await;
    busy.write_all(
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\nexpect: 100-continue\r\n\r\n",
    )
    .await
    .unwrap();
    // The interim answer proves that the request is being served.
    assert!(read_answer(&mut busy).await.starts_with("HTTP/1.1 100"));
    busy.write_all(b"ab").await.unwrap();
    let address = server.address;
    let drain = tokio::spawn(server.drain());
    assert_eq!(read_to_end(&mut idle).await, "");
    assert!(
        TcpStream::connect(address).await.is_err(),
        "still accepting"
    );
    busy.write_all(b"cd").await.unwrap();
    let text = read_to_end(&mut busy).await;
    assert!(
        text.starts_with("HTTP/1.1 200") && text.ends_with("abcd"),
        "{text}"
    );
    assert!(text.contains("connection: close"), "{text}");
    assert_eq!(drain.await.unwrap(), Drained { cut: 0 });
}

#[tokio::test]
async fn the_drain_deadline_cuts_what_never_ends() {
    let server = start(ServeSettings {
        drain_deadline: Duration::from_millis(300),
        ..quick()
    })
    .await;
    let mut stream = server.connect().await;
    stream
        .write_all(b"POST /slow HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n")
        .await
        .unwrap();
    let mut other = server.connect().await;
    other.write_all(GET).await.unwrap();
    // Its answer proves that the accept loop has got past the first connection too.
    read_answer(&mut other).await;
    assert_eq!(server.drain().await, Drained { cut: 1 });
}
