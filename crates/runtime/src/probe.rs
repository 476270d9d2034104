//! Asking a running process whether it is ready: what `--health` does for Docker, which has no curl in the image.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Docker's own timeout is usually longer; an admin listener that needs this long is not well.
const PATIENCE: Duration = Duration::from_secs(3);
/// Reasons are short lines.
const LONGEST: usize = 64 * 1024;

/// Asks the admin listener at `listen` for `/readyz`.
///
/// # Errors
/// Says in a line why it is not ready, or cannot be asked.
pub(crate) async fn ready(listen: SocketAddr) -> Result<(), String> {
    let address = reachable(listen);
    let asked = timeout(PATIENCE, ask(address)).await;
    let (status, reasons) = match asked {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => return Err(format!("cannot ask {address} (admin.listen): {error}")),
        Err(_) => return Err(format!("{address} (admin.listen) does not answer")),
    };
    if status.is_success() {
        return Ok(());
    }
    let reasons: Vec<&str> = reasons.lines().collect();
    Err(format!("not ready: {}", reasons.join("; ")))
}

/// Nobody can connect to "every address"; the process is on this machine.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

async fn ask(address: SocketAddr) -> anyhow::Result<(StatusCode, String)> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let request = Request::get("/readyz")
        .header(HOST, address.to_string())
        .body(Empty::<Bytes>::new())?;
    let response = sender.send_request(request).await?;
    let status = response.status();
    let body = Limited::new(response.into_body(), LONGEST).collect().await;
    connection.abort();
    let body = body.map_err(anyhow::Error::from_boxed)?.to_bytes();
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;
    use crate::admin::serve_admin;
    use crate::{Health, Phase};

    #[test]
    fn every_address_is_asked_on_loopback() {
        for (listen, asked) in [
            ("0.0.0.0:9090", "127.0.0.1:9090"),
            ("[::]:9090", "[::1]:9090"),
            ("10.1.2.3:9090", "10.1.2.3:9090"),
        ] {
            assert_eq!(reachable(listen.parse().unwrap()), asked.parse().unwrap());
        }
    }

    #[tokio::test]
    async fn it_says_what_readyz_says() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let health = Health::default();
        let check = health.check("redis");
        check.fail("away");
        tokio::spawn(serve_admin(listener, health.clone()));
        assert_eq!(
            ready(address).await.unwrap_err(),
            "not ready: starting; redis: away"
        );
        check.pass();
        health.enter(Phase::Running);
        assert_eq!(ready(address).await, Ok(()));
    }

    #[tokio::test]
    async fn nobody_there_is_not_ready() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let why = ready(address).await.unwrap_err();
        assert!(why.contains(&address.to_string()), "{why}");
    }
}
