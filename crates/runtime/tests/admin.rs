//! The admin listener through the phases of a process.

#![allow(clippy::unwrap_used, reason = "test code")]

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use waypost_runtime::admin::serve_admin;
use waypost_runtime::{Health, Phase};

async fn ask(address: std::net::SocketAddr, line: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

#[tokio::test]
async fn ready_follows_phase_and_checks_and_alive_follows_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let health = Health::default();
    let disk = health.check("disk");
    let server = tokio::spawn(serve_admin(listener, health.clone()));

    let starting = ask(address, "GET /readyz").await;
    assert!(
        starting.starts_with("HTTP/1.1 503") && starting.ends_with("starting\n"),
        "{starting}"
    );
    health.enter(Phase::Running);
    assert!(
        ask(address, "GET /readyz")
            .await
            .starts_with("HTTP/1.1 200")
    );
    disk.fail("full");
    assert!(ask(address, "GET /readyz").await.ends_with("disk: full\n"));
    assert!(ask(address, "GET /livez").await.starts_with("HTTP/1.1 200"));
    disk.pass();
    health.enter(Phase::Draining);
    assert!(ask(address, "GET /readyz").await.ends_with("draining\n"));
    assert!(
        ask(address, "GET /elsewhere")
            .await
            .starts_with("HTTP/1.1 404")
    );
    assert!(
        ask(address, "POST /livez")
            .await
            .starts_with("HTTP/1.1 405")
    );

    let metrics = ask(address, "GET /metrics").await;
    assert!(
        metrics.contains("content-type: text/plain; version=0.0.4"),
        "{metrics}"
    );
    assert!(
        metrics.contains("\n# TYPE waypost_up_seconds gauge\nwaypost_up_seconds "),
        "{metrics}"
    );

    health.enter(Phase::Stopped);
    server.await.unwrap();
}
