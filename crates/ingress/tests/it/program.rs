//! The program `waypost-ingress` itself.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

use crate::local_redis::{LocalRedis, eventually};
use crate::raw::{exchange, signed, status};
use crate::service::SECRET;
use crate::spool::segments;

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_waypost-ingress"));
    command.env_clear().env("WHATSAPP_APP_SECRET", SECRET);
    command
}

fn output(command: &mut Command) -> Output {
    command.output().unwrap()
}

/// A running program, and where it listens, as its log says.
struct Running {
    child: Child,
    address: SocketAddr,
}

impl Running {
    fn start(redis: &LocalRedis, spool: &TempDir) -> Self {
        let mut child = program()
            .env("WAYPOST_REDIS_URL", redis.url())
            .env("WAYPOST_REDIS_TIMEOUT", "500ms")
            .env("WAYPOST_INGRESS_LISTEN", "127.0.0.1:0")
            .env("WAYPOST_SPOOL_DIR", spool.path())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = lines.by_ref().find_map(|line| {
            let line = line.unwrap();
            let (_, rest) = line.split_once("listening on ")?;
            rest.split_whitespace().next()?.parse().ok()
        });
        // Nobody reads on, and a full pipe would stop the program.
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            child,
            address: address.expect("the log names no address"),
        }
    }

    fn signal(&mut self, name: &str) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args([name, &pid])
                .status()
                .unwrap()
                .success()
        );
        self.child.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_bad_configuration_ends_with_64_and_names_the_key() {
    for (name, value, wanted) in [
        ("WAYPOST_INGRESS_LISTNE", "x", "WAYPOST_INGRESS_LISTEN"),
        ("WAYPOST_INGRESS_BODY_LIMIT", "3MB", "ingress.body_limit"),
        ("WHATSAPP_APP_SECRET", "", "WHATSAPP_APP_SECRET"),
        ("WAYPOST_CONFIG", "/nowhere.toml", "/nowhere.toml"),
        ("WAYPOST_LOG_LEVEL", "a=b=c", "log.level"),
    ] {
        let output = output(program().env(name, value));
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(64), "{name}: {text}");
        assert!(text.contains(wanted), "{name}: {text}");
        assert!(!text.contains(SECRET), "{text}");
    }
    assert_eq!(
        output(program().arg("--no-such-thing")).status.code(),
        Some(64)
    );
}

#[test]
fn help_and_version_are_printed() {
    let help = output(program().arg("--help"));
    assert!(help.status.success());
    assert!(String::from_utf8(help.stdout).unwrap().contains("--config"));
    let version = output(program().arg("--version"));
    assert!(
        String::from_utf8(version.stdout)
            .unwrap()
            .contains(env!("CARGO_PKG_VERSION"))
    );
}

#[tokio::test]
async fn a_signal_ends_it_with_success_after_a_drain() {
    let redis = LocalRedis::start().await;
    for signal in ["-TERM", "-INT"] {
        let spool = TempDir::new().unwrap();
        let mut running = Running::start(&redis, &spool);
        assert_eq!(
            status(&exchange(running.address, &signed(b"{}")).await),
            200
        );
        assert_eq!(running.signal(signal), Some(0), "{signal}");
    }
}

#[tokio::test]
async fn what_the_spool_took_survives_kill_9() {
    let mut redis = LocalRedis::stopped();
    let spool = TempDir::new().unwrap();
    let mut sent = Vec::new();
    for round in 0..3 {
        let mut running = Running::start(&redis, &spool);
        for n in 0..20 {
            let body = format!("{round}/{n}");
            assert_eq!(
                status(&exchange(running.address, &signed(body.as_bytes())).await),
                200
            );
            sent.push(body);
        }
        assert_eq!(running.signal("-KILL"), None);
    }
    redis.resume().await;
    let _running = Running::start(&redis, &spool);
    eventually("the spool is empty", || async {
        segments(spool.path()).is_empty()
    })
    .await;
    let bodies: Vec<_> = redis
        .take()
        .await
        .into_iter()
        .map(|envelope| envelope.body)
        .collect();
    assert_eq!(bodies, sent);
}
