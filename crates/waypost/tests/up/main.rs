//! `waypost up` as a process: from nothing to a stored webhook, and every way to end.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code"
)]

mod running;
mod telemetry;

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use waypost_harness::services::APP_SECRET;
use waypost_harness::{Client, database, eventually, redis};

use running::{SOON, Up, folder, is_free, spawn, webhook};

#[tokio::test]
async fn from_nothing_to_a_row_and_away_without_a_trace() {
    let dir = folder();
    let up = Up::start(dir.path(), &["--ephemeral"], &[]).await;
    assert_eq!(up.client().post(webhook("wamid.1")).await.unwrap(), 200);
    eventually(SOON, "the webhook becomes a row", async || {
        up.rows().await == 1
    })
    .await;

    let ports = ["webhook_url", "redis_url", "database_url"].map(|member| up.port(member));
    let password = up
        .text("redis_url")
        .split(['@', ':'])
        .nth(2)
        .unwrap()
        .to_owned();
    assert!(
        !up.process.log().contains(&password),
        "the password of Redis is in the output"
    );
    up.stop().await;
    assert!(ports.into_iter().all(is_free), "something was left running");
}

#[tokio::test]
async fn with_the_sandbox_a_message_goes_out_and_its_statuses_come_back() {
    let dir = folder();
    let up = Up::start(dir.path(), &["--ephemeral", "--sandbox"], &[]).await;
    assert!(up.text("graph_url").starts_with("http://127.0.0.1:"));
    let sender = Client::new(SocketAddr::from(([127, 0, 0, 1], up.port("send_url"))), "");
    let body =
        r#"{"from":"106540352242922","to":"+4915112345678","type":"text","text":{"body":"Hello"}}"#;
    let key = format!("Bearer {}", up.text("send_key"));
    let refused = sender.post_to("/v1/messages", body, &[]).await.unwrap();
    assert_eq!(refused.status, 401);
    let headers = [("authorization", key.as_str())];
    let reply = sender
        .post_to("/v1/messages", body, &headers)
        .await
        .unwrap();
    assert_eq!(reply.status, 202);
    let answer: Value = serde_json::from_slice(&reply.body).unwrap();
    let query = format!(
        "SELECT count(*) FROM messages WHERE id = '{}' AND state = 'sent' AND status = 'read'",
        answer["id"].as_str().unwrap()
    );
    eventually(SOON, "the message is read", async || {
        up.count(&query).await == 1
    })
    .await;
    assert!(
        !up.process.log().contains("15112345678"),
        "the phone number is in the output"
    );
    up.stop().await;
}

#[tokio::test]
async fn a_page_of_the_admin_plane_gets_events_and_no_other_does() {
    let dir = folder();
    let up = Up::start(dir.path(), &["--ephemeral"], &[]).await;
    let tokens = SocketAddr::from(([127, 0, 0, 1], up.port("realtime_tokens_url")));
    let tokens = Client::new(tokens, "");
    let key = format!("Bearer {}", up.text("realtime_key"));
    let (path, body) = ("/v1/realtime/tokens", r#"{"numbers":["2"]}"#);
    let refused = tokens.post_to(path, body, &[]).await.unwrap();
    assert_eq!(refused.status, 401);
    let headers = [("authorization", key.as_str())];
    let reply = tokens.post_to(path, body, &headers).await.unwrap();
    assert_eq!(reply.status, 200);
    let answer: Value = serde_json::from_slice(&reply.body).unwrap();
    let token = answer["token"].as_str().unwrap();

    let plane = up.text("admin_url").to_owned();
    let localhost = plane.replace("127.0.0.1", "localhost");
    let port = up.port("realtime_url");
    for (origin, code) in [
        (&*plane, 200),
        (&localhost, 200),
        ("http://127.0.0.1:1", 403),
    ] {
        let stream = events(port, origin, token).await;
        let mut lines = BufReader::new(stream).lines();
        let first = lines.next_line().await.unwrap().unwrap();
        assert!(
            first.starts_with(&format!("HTTP/1.1 {code} ")),
            "{origin}: {first}"
        );
        if code != 200 {
            continue;
        }
        let wamid = format!("wamid.{origin}");
        assert_eq!(up.client().post(webhook(&wamid)).await.unwrap(), 200);
        let told = async {
            while let Some(line) = lines.next_line().await.unwrap() {
                if line.starts_with("data: ") && line.contains(&wamid) {
                    return;
                }
            }
            panic!("the stream ended");
        };
        tokio::time::timeout(SOON, told)
            .await
            .expect("the event of the webhook");
    }
    let page = Client::new(SocketAddr::from(([127, 0, 0, 1], up.port("admin_url"))), "");
    let page = page.get("/inbox").await.unwrap();
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains(up.text("realtime_url")), "{policy}");
    let log = up.process.log();
    assert!(log.contains(&format!("{plane}/inbox#token=")), "{log}");
    up.stop().await;
}

/// Asks for events as a page of `origin` does.
pub(crate) async fn events(port: u16, origin: &str, token: &str) -> tokio::net::TcpStream {
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port))
        .await
        .unwrap();
    let request =
        format!("GET /v1/events?token={token} HTTP/1.1\r\nHost: x\r\nOrigin: {origin}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn another_graph_api_can_be_named() {
    let dir = folder();
    let args = ["--ephemeral", "--graph-url", "http://127.0.0.1:9"];
    let up = Up::start(dir.path(), &args, &[]).await;
    assert_eq!(up.text("graph_url"), "http://127.0.0.1:9");
    up.stop().await;
}

#[tokio::test]
async fn data_stays_in_its_folder_even_after_a_kill() {
    let dir = folder();
    let data = dir.path().join("data").display().to_string();
    let args = ["--data-dir", &data, "--listen", "127.0.0.1:0"];
    let secrets = [
        ("WHATSAPP_APP_SECRET", APP_SECRET),
        ("WEBHOOK_VERIFY_TOKEN", "token"),
    ];

    let mut up = Up::start(dir.path(), &args, &secrets).await;
    assert!(
        up.ready.get("app_secret").is_none(),
        "a secret that we were given is not ours to hand on"
    );
    assert_eq!(up.client().post(webhook("wamid.1")).await.unwrap(), 200);
    eventually(SOON, "the first row", async || up.rows().await == 1).await;
    let ports = ["redis_url", "database_url"].map(|member| up.port(member));
    up.process.kill9().await;
    eventually(SOON, "the children of a killed up end", async || {
        ports.into_iter().all(is_free)
    })
    .await;

    // The ready file of the killed one is still there; this one must not be taken for ready by it.
    let up = Up::start(dir.path(), &args, &secrets).await;
    assert_eq!(up.client().post(webhook("wamid.2")).await.unwrap(), 200);
    eventually(SOON, "both rows", async || up.rows().await == 2).await;
    up.stop().await;
}

#[tokio::test]
async fn a_child_that_dies_is_started_again() {
    let dir = folder();
    let up = Up::start(dir.path(), &["--ephemeral"], &[]).await;
    let client = redis::Client::open(up.text("redis_url")).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    // Answers by closing the connection.
    let _ = redis::cmd("SHUTDOWN")
        .arg("NOSAVE")
        .query_async::<()>(&mut connection)
        .await;
    eventually(SOON, "webhooks are taken again", async || {
        matches!(up.client().post(webhook("wamid.1")).await, Ok(200))
    })
    .await;
    eventually(SOON, "and become rows", async || up.rows().await == 1).await;
    up.stop().await;
}

#[tokio::test]
async fn servers_that_are_there_are_used() {
    let (redis, database, dir) = (redis().await, database().await, folder());
    let args = [
        "--ephemeral",
        "--redis-url",
        &redis.url,
        "--database-url",
        &database.url,
    ];
    let up = Up::start(
        dir.path(),
        &args,
        &[("WAYPOST_REDIS_PREFIX", &redis.prefix)],
    )
    .await;
    assert_eq!(up.client().post(webhook("wamid.1")).await.unwrap(), 200);
    let count = "SELECT count(*) FROM messages";
    eventually(SOON, "the row is in that database", async || {
        database.count(count).await == 1
    })
    .await;
    up.stop().await;
    redis.connect().await;
}

#[tokio::test]
async fn a_second_ctrl_c_quits_at_once() {
    use std::io::Write;
    let dir = folder();
    let mut up = Up::start(dir.path(), &["--ephemeral"], &[]).await;
    let ports = ["redis_url", "database_url"].map(|member| up.port(member));
    // A request that does not come to its end holds up the drain.
    let mut slow = TcpStream::connect(("127.0.0.1", up.port("webhook_url"))).unwrap();
    slow.write_all(b"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{")
        .unwrap();
    up.process.signal("INT");
    eventually(SOON, "the drain has begun", async || {
        !up.ready_file.exists()
    })
    .await;
    let begun = Instant::now();
    up.process.signal("INT");
    assert_eq!(up.process.wait().await.code(), Some(130));
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "it was not at once"
    );
    eventually(SOON, "the children end all the same", async || {
        ports.into_iter().all(is_free)
    })
    .await;
}

#[tokio::test]
async fn a_taken_port_is_said_in_one_line() {
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = holder.local_addr().unwrap().to_string();
    let mut process = spawn(&["up", "--ephemeral", "--listen", &address], &[]);
    assert_eq!(process.wait().await.code(), Some(1));
    let log = process.log();
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(
        log.starts_with("waypost: ") && log.contains(&address),
        "{log}"
    );
}

#[tokio::test]
async fn a_missing_redis_is_said_with_its_package() {
    let elsewhere = [
        "/usr/local/bin/redis-server",
        "/opt/homebrew/bin/redis-server",
    ];
    if elsewhere.iter().any(|file| Path::new(file).exists()) {
        // This machine has Redis where we look beside PATH, too.
        return;
    }
    let mut process = spawn(&["up", "--ephemeral"], &[("PATH", "")]);
    assert_eq!(process.wait().await.code(), Some(1));
    let log = process.log();
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(
        log.contains("apt-get install redis-server") && log.contains("--redis-url"),
        "{log}"
    );
}
