//! The commands that start nothing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code"
)]

use std::process::{Command, Output};

use waypost_harness::database;

/// Runs `waypost` with just this environment.
fn waypost(args: &[&str], env: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_waypost"))
        .args(args)
        .env_clear()
        .envs(env.iter().copied())
        .output()
        .unwrap()
}

/// Arguments, environment, and what the error must name.
type Case = (
    &'static [&'static str],
    &'static [(&'static str, &'static str)],
    &'static str,
);

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn help_and_version_are_no_mistakes() {
    let help = waypost(&["--help"], &[]);
    assert_eq!(help.status.code(), Some(0));
    for command in ["up", "migrate", "config", "sandbox", "demo"] {
        assert!(
            text(&help.stdout).contains(command),
            "{command} is missing from the help"
        );
    }
    let version = waypost(&["--version"], &[]);
    assert_eq!(
        text(&version.stdout).trim(),
        concat!("waypost ", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn wrong_usage_and_wrong_configuration_end_with_64() {
    let cases: &[Case] = &[
        (&[], &[], "Usage"),
        (&["up", "--no-such-flag"], &[], "--no-such-flag"),
        (&["up", "--listen", "everywhere"], &[], "--listen"),
        (&["up", "--ephemeral", "--data-dir", "x"], &[], "--data-dir"),
        (
            &["up"],
            &[("WAYPOST_REDIS_URLL", "x")],
            "WAYPOST_REDIS_URL`",
        ),
        (
            &["up", "--ephemeral"],
            &[("WAYPOST_LOG_LEVEL", "x=y")],
            "log.level",
        ),
        (
            &["config"],
            &[
                ("WAYPOST_INBOX_LEASE", "5s"),
                ("WAYPOST_INBOX_HEARTBEAT", "4s"),
            ],
            "inbox.heartbeat",
        ),
        (
            &["config"],
            &[("WAYPOST_CONFIG", "/nowhere/waypost.toml")],
            "/nowhere/waypost.toml",
        ),
        (
            &["config"],
            &[("WAYPOST_TELEMETRY_SAMPLE_RATIO", "7")],
            "telemetry.sample_ratio",
        ),
        (
            &["up", "--ephemeral"],
            &[("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317")],
            "telemetry.otlp_endpoint",
        ),
        (&["migrate"], &[], "postgres.url"),
        (
            &["key", "new", "--name", "a", "--numbers", "x"],
            &[],
            "numbers of a key",
        ),
        (&["sandbox", "--latency", "soon"], &[], "--latency"),
        (
            &["sandbox", "serve", "--webhook-url", "http://h/"],
            &[],
            "--app-secret",
        ),
        (&["sandbox", "send"], &[], "--url"),
    ];
    for (args, env, named) in cases {
        let output = waypost(args, env);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(64), "{args:?}: {error}");
        assert!(
            error.contains(named),
            "{args:?} does not name {named}: {error}"
        );
    }
}

#[test]
fn config_shows_value_and_origin_and_no_secret() {
    let env = [
        ("WHATSAPP_APP_SECRET", "appsecret1"),
        ("REDIS_PASSWORD", "redissecret2"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=otlpsecret4"),
        ("DATABASE_URL", "postgres://u:dbsecret3@h/d"),
        ("WAYPOST_INBOX_LEASE", "30s"),
    ];
    for form in [&["config"][..], &["config", "--json"]] {
        let output = waypost(form, &env);
        let (out, error) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(0), "{error}");
        for secret in ["appsecret1", "redissecret2", "dbsecret3", "otlpsecret4"] {
            assert!(
                !out.contains(secret) && !error.contains(secret),
                "{secret} is shown"
            );
        }
        assert!(
            out.contains("30s") && out.contains("environment variable WAYPOST_INBOX_LEASE"),
            "{out}"
        );
        assert!(
            out.contains("********") && out.contains("environment variable DATABASE_URL"),
            "{out}"
        );
    }
    let json: serde_json::Value =
        serde_json::from_slice(&waypost(&["config", "--json"], &env).stdout).unwrap();
    let lease = json
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["key"] == "inbox.lease")
        .unwrap();
    assert_eq!(lease["value"], "30s");
}

#[test]
fn config_without_any_setting_shows_what_there_is_to_set() {
    let output = waypost(&["config"], &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("whatsapp.app_secrets"));
}

#[test]
fn the_page_of_metrics_needs_no_setting() {
    let output = waypost(&["config", "--metrics"], &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let page = text(&output.stdout);
    assert!(page.starts_with("# Metrics\n") && page.contains("| `waypost_webhooks_total` |"));
}

#[tokio::test]
async fn migrate_says_when_there_is_nothing_to_do() {
    let database = database().await;
    let output = waypost(&["migrate", "--database-url", &database.url], &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("up to date"));
}

#[test]
fn what_cannot_be_reached_is_said_without_the_password() {
    let url = "postgres://u:dbsecret@127.0.0.1:1/d";
    let output = waypost(&["migrate", "--database-url", url], &[]);
    assert_eq!(output.status.code(), Some(1));
    let error = text(&output.stderr);
    assert!(
        error.starts_with("waypost: ") && !error.contains("dbsecret"),
        "{error}"
    );
}

#[test]
fn a_new_key_is_printed_with_its_table() {
    let output = waypost(
        &["key", "new", "--name", "backend", "--numbers", "106,107"],
        &[],
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let (key, table) = text(&output.stdout).split_once('\n').unwrap();
    assert!(key.starts_with("wpk_"), "not a key in the first line");
    assert!(
        table.contains("[\"backend\"]\n") && table.contains("numbers = [\"106\", \"107\"]"),
        "{table}"
    );
    assert!(!table.contains(key));
}

#[test]
fn a_new_token_is_printed_with_its_role() {
    for role in ["viewer", "operator", "admin"] {
        let output = waypost(&["key", "new", "--name", "night", "--role", role], &[]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let (key, table) = text(&output.stdout).split_once('\n').unwrap();
        assert!(key.starts_with("wpk_"), "not a key in the first line");
        let wanted = format!("role = \"{role}\"\n");
        assert!(
            table.contains("[\"night\"]\n") && table.contains(&wanted),
            "{table}"
        );
        assert!(table.contains("monitor.tokens_file") && !table.contains(key));
    }
}

#[test]
fn a_key_is_for_one_thing() {
    for grant in [
        &[][..],
        &["--role", "admin", "--numbers", "106"],
        &["--role", "root"],
        &["--role", ""],
        &["--numbers", "x"],
        &["--numbers", ""],
    ] {
        let arguments = [&["key", "new", "--name", "night"][..], grant].concat();
        let output = waypost(&arguments, &[]);
        assert_eq!(output.status.code(), Some(64), "{grant:?}");
        assert!(output.stdout.is_empty(), "{grant:?}");
    }
}

#[test]
fn sandbox_says_when_nobody_listens() {
    let args = [
        "sandbox",
        "send",
        "--url",
        "http://127.0.0.1:1/webhook",
        "--secret",
        "s",
        "--count",
        "3",
    ];
    let output = waypost(&args, &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stdout).contains("refused"),
        "{}",
        text(&output.stdout)
    );
}
