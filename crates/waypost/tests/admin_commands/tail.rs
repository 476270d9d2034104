//! `waypost tail`: events on lines, and no connection that lasts for ever.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Child;

use crate::canned::part;
use crate::program::{Desk, Run, SOON, interrupt};
use crate::stream::{Answer, Asked, event, serve};

/// A desk whose monitor names a realtime service with these answers.
async fn desk(answers: impl IntoIterator<Item = Answer>) -> (Desk, Asked) {
    let desk = Desk::new().await;
    let (url, asked) = serve(answers).await;
    *desk.server.realtime_url.lock().unwrap() = url;
    (desk, asked)
}

fn text(position: &str, body: &str) -> String {
    let data = json!({
        "direction": "in", "type": "text", "contact_id": "01933b7e-5c00-7000-8000-0000abcdef01", "from": "15550001234",
        "message": {"type": "text", "text": {"body": body}},
    });
    event(position, "message", &data)
}

fn status(position: &str, word: &str) -> String {
    event(position, "status", &json!({"status": word}))
}

fn issued(desk: &Desk) -> usize {
    let calls = desk.server.calls();
    calls
        .iter()
        .filter(|(method, _)| method == "IssueToken")
        .count()
}

/// The positions of lines of JSON.
fn positions(run: &Run) -> Vec<String> {
    let lines = run.out.lines();
    let line = |line| serde_json::from_str::<Value>(line).unwrap();
    lines
        .map(|text| line(text)["position"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn events_are_lines_for_people_without_what_people_wrote() {
    let begun = "retry: 1000\n: here\nid: 1-0\n\n";
    let stream = format!(
        "{begun}{}{}: here\nid: 3-0\n\n{}",
        text("1795554920123-0", "Grüße 👍"),
        status("2-0", "delivered"),
        status("4-0", "read")
    );
    let (desk, asked) = desk([Answer::open(&stream), Answer::open(&stream)]).await;
    let run = desk.run_as("operator", &["tail", "--limit", "3"]).await;
    let lines: Vec<&str> = run.well().lines().collect();
    assert_eq!(
        lines[0],
        "2026-11-24 21:15:20Z  message  106540352242922  abcdef01  in text"
    );
    assert!(
        lines[1].ends_with("delivered") && lines[2].ends_with("read"),
        "{lines:?}"
    );
    assert!(!run.out.contains("15550001234"), "{run:?}");
    assert_eq!(
        part(&desk.server.call("IssueToken"), &["numbers", "contact"]),
        json!({"numbers": ["*"], "contact": ""})
    );
    assert_eq!(
        asked.header(0, "authorization").as_deref(),
        Some("Bearer pass-1")
    );
    assert_eq!(asked.header(0, "last-event-id"), None);

    let run = desk
        .run(&["tail", "--text", "--limit", "1", "--kind", "message"])
        .await;
    assert!(run.well().ends_with("in text: Grüße 👍\n"), "{run:?}");
}

#[tokio::test]
async fn what_is_wished_is_asked_for_and_json_comes_as_it_is() {
    let stream = format!(
        "{}{}{}",
        status("5-0", "sent"),
        text("6-0", "a\nb"),
        status("7-0", "read")
    );
    let (desk, asked) = desk([Answer::open(&stream)]).await;
    let contact = "01933b7e-5c00-7000-8000-000000000007";
    let arguments = [
        "tail",
        "--json",
        "--limit",
        "2",
        "--kind",
        "status",
        "--number",
        "106540352242922",
        "--contact",
        contact,
        "--after",
        "4",
    ];
    let run = desk.run(&arguments).await;
    run.well();
    assert_eq!(positions(&run), ["5-0", "7-0"]);
    let request = desk.server.call("IssueToken");
    assert_eq!(
        part(&request, &["numbers", "contact"]),
        json!({"numbers": ["106540352242922"], "contact": contact})
    );
    assert_eq!(asked.header(0, "last-event-id").as_deref(), Some("4-0"));
}

#[tokio::test]
async fn after_a_break_it_goes_on_where_it_was() {
    let half = "id: 8-2\nevent: message\ndata: {";
    let broken = format!("{}{}{half}", text("8-0", "one"), text("8-1", "two"));
    let rest = format!("{}{}", text("8-2", "three"), text("8-3", "four"));
    let (desk, asked) = desk([Answer::broken(&broken), Answer::open(&rest)]).await;
    let run = desk.run(&["tail", "--json", "--limit", "4"]).await;
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(positions(&run), ["8-0", "8-1", "8-2", "8-3"]);
    assert_eq!(run.err.lines().count(), 1, "{run:?}");
    assert!(
        run.err.contains("is lost") && run.err.contains("going on after 8-1"),
        "{run:?}"
    );
    assert_eq!(asked.header(1, "last-event-id").as_deref(), Some("8-1"));
    // Each token is in the audit: one that is good still is used again.
    assert_eq!(issued(&desk), 1);
}

#[tokio::test]
async fn a_token_that_is_no_longer_good_is_replaced() {
    let gone = Answer::problem(401, "The token is not valid.");
    let answers = [
        Answer::stream(&text("9-0", "one")),
        gone,
        Answer::open(&text("9-1", "two")),
    ];
    let (desk, asked) = desk(answers).await;
    let run = desk.run(&["tail", "--json", "--limit", "2"]).await;
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(positions(&run), ["9-0", "9-1"]);
    assert_eq!(
        asked.header(2, "authorization").as_deref(),
        Some("Bearer pass-2")
    );
    assert_eq!((asked.count(), issued(&desk)), (3, 2));
}

#[tokio::test]
async fn a_service_that_says_goodbye_is_left_and_found_again() {
    let bye = |reason: &str| {
        let data = json!({"reason": reason, "retry_ms": 110});
        format!(
            "{}retry: 110\nevent: bye\ndata: {data}\n\n",
            status("10-0", "sent")
        )
    };
    for (reason, said) in [
        ("expired", ""),
        ("draining", "stops or restarts"),
        ("slow", "faster"),
    ] {
        let (desk, asked) = desk([
            Answer::open(&bye(reason)),
            Answer::open(&status("10-1", "read")),
        ])
        .await;
        let run = desk.run(&["tail", "--json", "--limit", "2"]).await;
        assert_eq!(run.code, Some(0), "{run:?}");
        assert_eq!(positions(&run), ["10-0", "10-1"]);
        assert_eq!(asked.header(1, "last-event-id").as_deref(), Some("10-0"));
        assert!(
            run.err.contains(said) && run.err.is_empty() == said.is_empty(),
            "{run:?}"
        );
    }
}

#[tokio::test]
async fn a_gap_is_said_whatever_was_wished() {
    let since = "2026-11-24T20:00:00.000Z";
    let data = json!({"since": since, "position": "11-0"});
    let stream = format!(
        "id: 11-0\nevent: resync\ndata: {data}\n\n{}",
        status("11-1", "read")
    );
    let (desk, _) = desk([Answer::open(&stream), Answer::open(&stream)]).await;
    let arguments = ["tail", "--kind", "status", "--after", "1", "--limit", "1"];
    let lines = desk.run(&arguments).await;
    let (first, second) = lines.well().split_once('\n').unwrap();
    assert!(first.contains("resync") && first.contains(since), "{first}");
    assert!(second.ends_with("read\n"), "{second}");
    let lines = desk.run(&[&arguments[..], &["--json"]].concat()).await;
    let first: Value = serde_json::from_str(lines.well().lines().next().unwrap()).unwrap();
    assert_eq!(
        first,
        json!({"kind": "resync", "since": since, "position": "11-0"})
    );
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let cases = [
        (
            Answer::problem(401, "The token is not valid."),
            4,
            "(realtime.secrets)",
        ),
        (
            Answer::problem(400, "A position is two numbers."),
            64,
            "A position is two numbers",
        ),
        (
            Answer::problem(404, "Nothing here."),
            1,
            "is no realtime service (404): Nothing here",
        ),
        (
            Answer::problem(429, "Too many."),
            1,
            "has no place left: Too many",
        ),
        (
            Answer::problem(503, "Redis is away."),
            1,
            "cannot answer now (503): Redis is away",
        ),
        (Answer::stream(&"x".repeat(17 << 20)), 1, "one has no end"),
    ];
    for (answer, code, words) in cases {
        let (desk, _) = desk([answer]).await;
        let run = desk.run(&["tail"]).await;
        run.failed(code, words.trim_matches(['(', ')']));
        assert!(!run.err.contains("pass-1"), "{run:?}");
    }
    let desk = Desk::new().await;
    let nowhere = desk.run(&["tail"]).await;
    nowhere.failed(1, "set its monitor.realtime_url, or use --realtime-url");
    let nobody = desk
        .run(&["tail", "--realtime-url", "http://127.0.0.1:1/"])
        .await;
    nobody.failed(
        1,
        "the realtime service at http://127.0.0.1:1 cannot be reached",
    );
    let viewer = desk.run_as("viewer", &["tail"]).await;
    viewer.failed(4, "this needs the role operator, and the token has viewer");
    let wrong = desk.run(&["tail", "--number", "x"]).await;
    wrong.failed(64, "numbers");
    for wrong in [
        &["--after", "x"][..],
        &["--contact", "x"],
        &["--kind", "x"],
        &["--limit", "0"],
    ] {
        let run = desk.run(&[&["tail"], wrong].concat()).await;
        assert_eq!(run.code, Some(64), "{run:?}");
        assert!(run.err.contains(wrong[0]), "{run:?}");
    }
}

/// Runs until somebody ends it.
fn spawn(desk: &Desk, arguments: &[&str]) -> Child {
    let address = desk.address.to_string();
    let environment = [
        ("WAYPOST_ADMIN", &*address),
        ("WAYPOST_TOKEN", "operator-token"),
    ];
    let mut command = desk.command(arguments, &environment);
    let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    piped.spawn().unwrap()
}

/// It has ended well and without a word.
async fn ended(child: Child) {
    let output = tokio::time::timeout(SOON, child.wait_with_output()).await;
    let output = output.expect("it ends").unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[tokio::test]
async fn ctrl_c_ends_it_well() {
    let (desk, _) = desk([Answer::open(&status("12-0", "sent"))]).await;
    let mut child = spawn(&desk, &["tail"]);
    let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    let line = tokio::time::timeout(SOON, lines.next_line()).await;
    assert!(line.expect("a line").unwrap().unwrap().ends_with("sent"));
    interrupt(&child);
    ended(child).await;
}

#[tokio::test]
async fn who_has_seen_enough_closes_the_pipe() {
    // Connections end one after the other, and each has news: the second line meets the closed pipe.
    let answers = (0..9).map(|at| Answer::stream(&status(&format!("13-{at}"), "sent")));
    let (desk, asked) = desk(answers).await;
    let mut child = spawn(&desk, &["tail"]);
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    tokio::time::timeout(SOON, stdout.read_line(&mut line))
        .await
        .expect("a line")
        .unwrap();
    assert!(line.ends_with("sent\n"), "{line:?}");
    drop(stdout);
    let output = tokio::time::timeout(SOON, child.wait_with_output()).await;
    let output = output.expect("it ends").unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(
        !String::from_utf8_lossy(&output.stderr).contains("Broken pipe"),
        "{output:?}"
    );
    assert!(asked.count() < 9, "it went on although nobody read");
}
