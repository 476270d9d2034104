//! Commands that only ask.

use std::process::Stdio;

use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::canned::part;
use crate::program::{Desk, SOON, interrupt};
use crate::services::{ENTRIES, KNOWN, MISSING, stats};

#[tokio::test]
async fn stats_are_a_table_or_the_json_of_the_gateway() {
    let desk = Desk::new().await;
    let table = desk.run_as("viewer", &["stats", "--numbers"]).await;
    let text = table.well();
    for words in [
        "1,543",
        "message: 3 dead letters: waypost dead list --queue message",
    ] {
        assert!(text.contains(words), "{text}");
    }
    assert!(!text.contains('\u{1b}'), "colours in a pipe: {text}");
    let request = desk.server.call("GetStats");
    assert_eq!(
        request,
        json!({"includeNumbers": true, "includeConsumers": false})
    );

    let answer = desk.run_as("viewer", &["stats", "--json"]).await;
    answer.well();
    let mut expected = waypost_rpc::json::of(&stats());
    expected["readAt"] = answer.json()["readAt"].clone();
    assert_eq!(answer.json(), expected);
}

#[tokio::test]
async fn a_watch_is_lines_of_json_and_ends_well_on_ctrl_c() {
    let desk = Desk::new().await;
    let arguments = [
        "stats",
        "--watch",
        "--json",
        "--interval",
        "10ms",
        "--token",
        "viewer-token",
        "--admin",
    ];
    let address = desk.address.to_string();
    let mut command = desk.command(&[&arguments[..], &[&address]].concat(), &[]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for _ in 0..3 {
        let line = tokio::time::timeout(SOON, lines.next_line()).await;
        let line = line.expect("a line").unwrap().unwrap();
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line["stats"]["webhook"]["completed"], 1_543);
    }
    interrupt(&child);
    let status = tokio::time::timeout(SOON, child.wait()).await;
    assert!(status.expect("it ends").unwrap().success());
}

#[tokio::test]
async fn a_watch_ends_when_nobody_reads_it() {
    let desk = Desk::new().await;
    let environment = [("WAYPOST_TOKEN", "viewer-token")];
    let address = desk.address.to_string();
    let arguments = [
        "stats",
        "--watch",
        "--interval",
        "10ms",
        "--admin",
        &address,
    ];
    let mut child = desk
        .command(&arguments, &environment)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let status = tokio::time::timeout(SOON, child.wait()).await;
    assert!(status.expect("it ends").unwrap().success());
}

#[tokio::test]
async fn lists_go_on_over_pages_until_there_are_enough() {
    let desk = Desk::new().await;
    let all = desk
        .run(&[
            "dead",
            "list",
            "--json",
            "--queue",
            "message",
            "--class",
            "exhausted",
        ])
        .await;
    all.well();
    assert_eq!(all.json()["deadLetters"].as_array().unwrap().len(), ENTRIES);
    assert_eq!(
        part(&all.json(), &["nextPageToken", "totalDead"]),
        json!({"nextPageToken": "", "totalDead": ENTRIES})
    );
    let (_, first) = desk.server.calls()[0].clone();
    assert_eq!(
        part(&first["filter"], &["queue", "class"]),
        json!({"queue": "message", "class": "exhausted"})
    );

    let some = desk
        .run(&["message", "list", "--limit", "4", "--after", "2"])
        .await;
    let text = some.well();
    assert!(text.contains("--after 6"), "{text}");
    assert_eq!(text.matches("01933b7e").count(), 4, "{text}");
}

#[tokio::test]
async fn a_story_is_told_and_what_is_missing_is_said() {
    let desk = Desk::new().await;
    let story = desk.run(&["message", "show", KNOWN]).await;
    let text = story.well();
    assert!(
        text.contains("and nothing since") && text.contains("--give-up"),
        "{text}"
    );
    let json = desk.run(&["message", "show", KNOWN, "--json"]).await;
    assert_eq!(json.json()["timeline"][0]["kind"], "accepted");

    let missing = desk.run(&["message", "show", MISSING]).await;
    missing.failed(3, "there is no message with this id");
    let missing = desk.run(&["dead", "show", MISSING]).await;
    missing.failed(3, "there is no such dead letter");
    let missing = desk.run(&["number", "list", "404"]).await;
    missing.failed(3, "no number 404 was ever seen");
}

#[tokio::test]
async fn flags_are_what_the_monitor_is_asked() {
    let desk = Desk::new().await;
    let arguments = [
        "message",
        "list",
        "--direction",
        "out",
        "--person",
        "+1 (555) 000-1234",
        "--state",
        "dead",
        "--since",
        "2026-11-24T21:00:00Z",
        "--until",
        "1h",
        "--limit",
        "1",
    ];
    desk.run(&arguments).await.well();
    let request = desk.server.call("MessageService.List");
    assert_eq!(
        part(
            &request,
            &["direction", "personPhone", "state", "since", "pageSize"]
        ),
        json!({"direction": "out", "personPhone": "15550001234", "state": "dead",
            "since": "2026-11-24T21:00:00Z", "pageSize": 1})
    );
    desk.run(&[
        "audit",
        "--actor",
        "ops",
        "--method",
        "QueueService.Pause",
        "--long",
    ])
    .await
    .well();
    let request = desk.server.call("AuditService.List");
    assert_eq!(
        part(&request, &["actor", "method", "pageSize"]),
        json!({"actor": "ops", "method": "QueueService.Pause", "pageSize": 50})
    );
}

#[tokio::test]
async fn every_shell_gets_its_completions() {
    let desk = Desk::new().await;
    for (shell, words) in [
        ("bash", "complete -F _waypost"),
        ("zsh", "#compdef waypost"),
        ("fish", "complete -c waypost"),
    ] {
        let script = desk.run_with(&["completions", shell], &[]).await;
        let script = script.well();
        assert!(script.contains(words), "{shell}");
        for command in ["stats", "decide", "give-up", "replay"] {
            assert!(script.contains(command), "{shell} does not know {command}");
        }
    }
    let wrong = desk.run_with(&["completions", "cmd"], &[]).await;
    assert_eq!(wrong.code, Some(64), "{wrong:?}");
}
