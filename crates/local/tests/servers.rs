//! Real servers: started, stopped, killed, restarted, and orphaned by a killed parent.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code"
)]

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tokio_postgres::NoTls;
use waypost_local::{
    AppendFsync, LocalError, Postgres, PostgresOptions, Redis, RedisOptions, free_port,
    port_is_free, scratch_dir,
};

async fn redis_command(redis: &Redis, words: &[&str]) -> redis::RedisResult<String> {
    let client = redis::Client::open(redis.url())?;
    let mut connection = client.get_multiplexed_async_connection().await?;
    redis::cmd(words[0])
        .arg(&words[1..])
        .query_async(&mut connection)
        .await
}

async fn sql(url: &str, statement: &str) -> Result<Option<String>, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    let rows = client.simple_query(statement).await?;
    Ok(rows.into_iter().find_map(|message| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    }))
}

/// Waits for a condition that another process brings about.
fn eventually(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < deadline, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[tokio::test]
async fn redis_keeps_what_it_acknowledged_through_stop_and_kill() {
    let dir = scratch_dir().unwrap();
    let options = RedisOptions {
        append_fsync: AppendFsync::Always,
        ..RedisOptions::in_dir(dir.path().join("redis"))
    };
    let mut redis = Redis::start(&options).await.unwrap();
    let (port, first) = (redis.port(), redis.pid().unwrap());
    redis_command(&redis, &["SET", "a", "1"]).await.unwrap();

    redis.stop().await.unwrap();
    assert!(
        redis.pid().is_none() && port_is_free(port),
        "stop must leave nothing behind"
    );
    redis.restart().await.unwrap();
    assert_eq!(redis.port(), port);
    assert_ne!(redis.pid().unwrap(), first);
    assert_eq!(redis_command(&redis, &["GET", "a"]).await.unwrap(), "1");

    redis_command(&redis, &["SET", "b", "2"]).await.unwrap();
    redis.kill().await.unwrap();
    redis_command(&redis, &["PING"]).await.unwrap_err();
    redis.restart().await.unwrap();
    assert_eq!(redis_command(&redis, &["GET", "b"]).await.unwrap(), "2");
    redis.stop().await.unwrap();
}

#[tokio::test]
async fn redis_never_evicts_and_wants_its_password() {
    let dir = scratch_dir().unwrap();
    let options = RedisOptions {
        password: Some("opensesame".into()),
        ..RedisOptions::in_dir(dir.path())
    };
    let redis = Redis::start(&options).await.unwrap();
    assert!(
        !format!("{redis:?}").contains("opensesame"),
        "the password is in Debug output"
    );
    let info = redis_command(&redis, &["INFO", "memory"]).await.unwrap();
    assert!(info.contains("maxmemory_policy:noeviction"));
    let info = redis_command(&redis, &["INFO", "persistence"])
        .await
        .unwrap();
    assert!(info.contains("aof_enabled:1"));
    let stranger = redis::Client::open(format!("redis://127.0.0.1:{}", redis.port())).unwrap();
    let mut connection = stranger.get_multiplexed_async_connection().await.unwrap();
    redis::cmd("PING")
        .query_async::<String>(&mut connection)
        .await
        .unwrap_err();
}

#[tokio::test]
async fn a_server_that_dies_is_noticed_and_can_be_started_again() {
    let dir = scratch_dir().unwrap();
    let mut redis = Redis::start(&RedisOptions::in_dir(dir.path()))
        .await
        .unwrap();
    // SHUTDOWN closes the connection instead of answering.
    redis_command(&redis, &["SHUTDOWN", "NOSAVE"])
        .await
        .unwrap_err();
    let error = tokio::time::timeout(Duration::from_secs(10), redis.ended())
        .await
        .expect("the end went unnoticed");
    assert!(error.to_string().contains("Redis"), "{error}");
    redis.restart().await.unwrap();
    redis_command(&redis, &["PING"]).await.unwrap();
}

#[tokio::test]
async fn postgres_keeps_what_it_committed_through_stop_and_kill() {
    let dir = scratch_dir().unwrap();
    let mut postgres = Postgres::start(&PostgresOptions::in_dir(dir.path().join("pg")))
        .await
        .unwrap();
    let (port, url) = (postgres.port(), postgres.url());
    sql(&url, "CREATE TABLE t AS SELECT 1 AS n").await.unwrap();
    assert_eq!(
        sql(&url, "SHOW server_encoding").await.unwrap().unwrap(),
        "UTF8"
    );
    assert_eq!(sql(&url, "SHOW fsync").await.unwrap().unwrap(), "on");

    // A client that stays connected must not hold up the stop.
    let (_client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
    tokio::spawn(connection);
    let begun = Instant::now();
    postgres.stop().await.unwrap();
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "the stop waited for a client"
    );
    assert!(port_is_free(port));
    postgres.restart().await.unwrap();
    assert_eq!(
        sql(&url, "SELECT count(*) FROM t").await.unwrap().unwrap(),
        "1"
    );

    postgres.kill().await.unwrap();
    sql(&url, "SELECT 1").await.unwrap_err();
    postgres.restart().await.unwrap();
    assert_eq!(postgres.port(), port);
    assert_eq!(
        sql(&url, "SELECT count(*) FROM t").await.unwrap().unwrap(),
        "1"
    );
    postgres.stop().await.unwrap();

    // A later run on the same folder, and a pid file that names a process which lives and is not Postgres.
    std::fs::write(
        dir.path().join("pg/data/postmaster.pid"),
        format!("{}\n", std::process::id()),
    )
    .unwrap();
    let again = Postgres::start(&PostgresOptions::in_dir(dir.path().join("pg")))
        .await
        .unwrap();
    assert_eq!(
        sql(&again.url(), "SELECT count(*) FROM t")
            .await
            .unwrap()
            .unwrap(),
        "1"
    );
}

#[tokio::test]
async fn postgres_wants_its_password() {
    let dir = scratch_dir().unwrap();
    let options = PostgresOptions {
        fsync: false,
        ..PostgresOptions::in_dir(dir.path())
    };
    let postgres = Postgres::start(&options).await.unwrap();
    let url = format!(
        "postgres://waypost:wrong@127.0.0.1:{}/waypost",
        postgres.port()
    );
    let error = sql(&url, "SELECT 1").await.unwrap_err();
    assert!(
        error.as_db_error().unwrap().message().contains("password"),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let dir = scratch_dir().unwrap();
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = holder.local_addr().unwrap().port();
    let options = RedisOptions {
        port: Some(port),
        ..RedisOptions::in_dir(dir.path())
    };
    let error = Redis::start(&options).await.unwrap_err();
    assert!(
        matches!(error, LocalError::PortTaken { port: taken, .. } if taken == port),
        "{error}"
    );
    let options = PostgresOptions {
        port: Some(port),
        ..PostgresOptions::in_dir(dir.path())
    };
    let error = Postgres::start(&options).await.unwrap_err();
    assert!(error.to_string().contains(&port.to_string()), "{error}");
}

#[tokio::test]
async fn a_server_that_cannot_start_shows_the_end_of_its_log() {
    let dir = scratch_dir().unwrap();
    let options = RedisOptions {
        port: Some(free_port().unwrap()),
        ..RedisOptions::in_dir(dir.path())
    };
    std::fs::create_dir_all(dir.path().join("appendonlydir/x")).unwrap();
    std::fs::write(
        dir.path().join("appendonlydir/appendonly.aof.manifest"),
        "nonsense\n",
    )
    .unwrap();
    let error = Redis::start(&options).await.unwrap_err();
    let LocalError::Exited { tail, .. } = &error else {
        panic!("{error:?}")
    };
    assert!(tail.contains("manifest"), "{error}");
}

/// Not a test: the process that `children_die_with_a_killed_parent` kills.
#[tokio::test]
#[ignore = "run by another test in a process of its own"]
async fn parent() {
    let dir = std::env::var("WAYPOST_TEST_PARENT_DIR").unwrap();
    let dir = Path::new(&dir);
    let remove = Some(dir.to_owned());
    let redis = RedisOptions {
        remove: remove.clone(),
        ..RedisOptions::in_dir(dir.join("redis"))
    };
    let postgres = PostgresOptions {
        remove,
        fsync: false,
        ..PostgresOptions::in_dir(dir.join("postgres"))
    };
    let redis = Redis::start(&redis).await.unwrap();
    let postgres = Postgres::start(&postgres).await.unwrap();
    println!("\nports {} {}", redis.port(), postgres.port());
    std::future::pending::<()>().await;
}

#[test]
fn children_die_with_a_killed_parent() {
    let dir = scratch_dir().unwrap();
    let folder = dir.path().join("run");
    std::fs::create_dir(&folder).unwrap();
    let mut parent = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "parent", "--nocapture"])
        .env("WAYPOST_TEST_PARENT_DIR", &folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(parent.stdout.take().unwrap()).lines();
    let line = lines
        .map_while(Result::ok)
        .find(|line| line.starts_with("ports "))
        .expect("the parent did not start");
    let ports: Vec<u16> = line
        .split(' ')
        .skip(1)
        .map(|port| port.parse().unwrap())
        .collect();
    assert!(ports.iter().all(|port| !port_is_free(*port)));

    parent.kill().unwrap();
    parent.wait().unwrap();
    for port in ports {
        eventually("the server of a killed parent ends", || port_is_free(port));
    }
    eventually("the folder of a killed parent is removed", || {
        !folder.exists()
    });
}
