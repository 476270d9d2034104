//! The harness itself: what it promises to the other tests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code"
)]

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use waypost_harness::proxy::Proxy;
use waypost_harness::{AppendFsync, database, eventually, private_postgres, private_redis, redis};

const SOON: Duration = Duration::from_secs(10);

#[tokio::test]
async fn every_test_has_its_own_database_with_all_tables() {
    let (one, other) = tokio::join!(database(), database());
    assert_ne!(one.url, other.url);
    let insert = "INSERT INTO failed_webhooks (id, request_id, raw, error_message, received_at)
                  VALUES (gen_random_uuid(), gen_random_uuid(), '', 'x', now())";
    one.connect().await.batch_execute(insert).await.unwrap();
    let count = "SELECT count(*) FROM failed_webhooks";
    assert_eq!((one.count(count).await, other.count(count).await), (1, 0));

    // Dropped at the end, even while somebody is connected.
    let name = one.url.rsplit('/').next().unwrap().to_owned();
    let _held = one.connect().await;
    drop(one);
    let known = format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'");
    assert_eq!(other.count(&known).await, 0);
}

#[tokio::test]
async fn prefixes_are_unique_and_redis_answers() {
    let (one, other) = (redis().await, redis().await);
    assert_ne!(one.prefix, other.prefix);
    let mut connection = one.connect().await;
    redis::cmd("PING")
        .query_async::<String>(&mut connection)
        .await
        .unwrap();
}

#[tokio::test]
async fn private_servers_can_be_killed_and_restarted() {
    let (mut redis, mut postgres) =
        tokio::join!(private_redis(AppendFsync::Always), private_postgres());
    let (folder, url) = (redis.dir().to_owned(), redis.url());
    redis.kill().await.unwrap();
    postgres.kill().await.unwrap();
    redis.restart().await.unwrap();
    postgres.restart().await.unwrap();
    assert_eq!(redis.url(), url);
    drop(redis);
    eventually(SOON, "the folder goes with the server", async || {
        !folder.exists()
    })
    .await;
}

#[tokio::test]
#[should_panic(expected = "pigs fly")]
async fn what_never_happens_fails_with_its_name() {
    eventually(Duration::from_millis(30), "pigs fly", async || false).await;
}

/// A server that sends back what it gets.
async fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut read, mut write) = stream.into_split();
                let _ = tokio::io::copy(&mut read, &mut write).await;
            });
        }
    });
    address
}

async fn round_trip(stream: &mut TcpStream) -> std::io::Result<u8> {
    stream.write_all(b"x").await?;
    stream.read_u8().await
}

#[tokio::test]
async fn a_cut_proxy_closes_old_and_new_connections_until_healed() {
    let proxy = Proxy::to(echo().await).await;
    let mut before = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(round_trip(&mut before).await.unwrap(), b'x');
    proxy.cut();
    assert!(matches!(before.read(&mut [0]).await, Ok(0) | Err(_)));
    let mut during = TcpStream::connect(proxy.address()).await.unwrap();
    assert!(round_trip(&mut during).await.is_err());
    proxy.heal();
    let mut after = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(round_trip(&mut after).await.unwrap(), b'x');
}

#[tokio::test]
async fn a_blackhole_delivers_after_healing_and_latency_delays() {
    let proxy = Proxy::to(echo().await).await;
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    round_trip(&mut stream).await.unwrap();
    proxy.blackhole();
    stream.write_all(b"y").await.unwrap();
    let silence = tokio::time::timeout(Duration::from_millis(100), stream.read_u8()).await;
    assert!(silence.is_err(), "a blackhole let something through");
    proxy.heal();
    assert_eq!(stream.read_u8().await.unwrap(), b'y');

    proxy.latency(Duration::from_millis(50));
    let begun = Instant::now();
    round_trip(&mut stream).await.unwrap();
    assert!(
        begun.elapsed() >= Duration::from_millis(100),
        "50 ms each way"
    );
}

#[test]
fn proxied_addresses_keep_all_but_host_and_port() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let proxy = runtime.block_on(Proxy::to("127.0.0.1:1".parse().unwrap()));
    let at = proxy.address();
    assert_eq!(
        proxy.url("redis://:pw@127.0.0.1:1/0"),
        format!("redis://:pw@{at}/0")
    );
    assert_eq!(
        proxy.url("postgres://u:p@h:5/db"),
        format!("postgres://u:p@{at}/db")
    );
}

/// The program around `make test`: variables set, code handed on, servers gone afterwards.
#[test]
fn the_program_hands_on_the_code_and_leaves_nothing_behind() {
    let script = r#"echo "$WAYPOST_TEST_REDIS_URL $WAYPOST_TEST_DATABASE_URL"; exit 7"#;
    let output = Command::new(env!("CARGO_BIN_EXE_waypost-harness"))
        .args(["--", "/bin/sh", "-c", script])
        .output()
        .unwrap();
    assert_eq!(
        output.status.code(),
        Some(7),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    let (redis, postgres) = text.trim().split_once(' ').unwrap();
    for url in [redis, postgres] {
        let port: u16 = url
            .rsplit(':')
            .next()
            .unwrap()
            .split('/')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        assert!(
            waypost_local::port_is_free(port),
            "a server was left behind"
        );
    }
}

#[test]
fn the_program_outlives_ctrl_c_until_the_command_has_ended() {
    // The command tells the harness to stop and then still needs Redis.
    let script = r#"kill -s INT $PPID; sleep 0.3; port=${WAYPOST_TEST_REDIS_URL##*:}; echo "${port%/*}"; read -r line; exit 3"#;
    let mut child = Command::new(env!("CARGO_BIN_EXE_waypost-harness"))
        .args(["/bin/sh", "-c", script])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut port = String::new();
    let mut stdout = child.stdout.take().unwrap();
    let mut byte = [0];
    while stdout.read(&mut byte).unwrap() == 1 && byte[0] != b'\n' {
        port.push(char::from(byte[0]));
    }
    assert!(
        !waypost_local::port_is_free(port.parse().unwrap()),
        "Redis ended before the command"
    );
    child.stdin.take().unwrap().write_all(b"\n").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(3));
}
