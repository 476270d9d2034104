//! Commands that change something.

use serde_json::json;

use crate::canned::part;
use crate::program::Desk;
use crate::services::{KNOWN, MISSING};

#[tokio::test]
async fn pause_and_resume_say_what_is_paused_now() {
    let desk = Desk::new().await;
    let pause = desk
        .run(&["pause", "--queue", "message", "--reason", "Meta is down"])
        .await;
    assert!(
        pause.well().contains("now paused: webhook and message"),
        "{pause:?}"
    );
    assert_eq!(
        desk.server.call("Pause"),
        json!({"queue": "message", "phoneNumberId": "", "reason": "Meta is down"})
    );
    let resume = desk.run(&["resume", "--number", "106540352242922"]).await;
    assert!(resume.well().contains("Paused still: fact."), "{resume:?}");
    let json = desk.run(&["pause", "--json"]).await;
    assert_eq!(
        json.json(),
        json!({"paused": ["webhook", "message"], "changed": true})
    );
}

#[tokio::test]
async fn clear_goes_by_its_plan() {
    let desk = Desk::new().await;
    let dry = desk.run(&["clear", "--dry-run"]).await;
    let would = "5 webhooks (4 waiting, 1 delayed) and 1,200 messages";
    assert!(dry.well().contains(would), "{dry:?}");
    let unasked = desk.run(&["clear"]).await;
    unasked.failed(5, "add --yes");
    assert!(
        desk.server
            .calls()
            .iter()
            .all(|(_, request)| request["dryRun"] == true)
    );

    let done = desk.run(&["clear", "--queue", "message", "--yes"]).await;
    let text = done.well();
    assert!(text.contains(&format!("Threw away {would}")), "{text}");
    assert!(
        text.contains("Not as planned: two messages went before"),
        "{text}"
    );
    let (_, last) = desk.server.calls().pop().unwrap();
    assert_eq!(
        last,
        json!({"queue": "message", "phoneNumberId": "", "dryRun": false, "confirmationToken": "plan-1"})
    );
    let late = desk.run(&["clear", "--number", "999", "--yes"]).await;
    late.failed(5, "not confirmed in time");
}

#[tokio::test]
async fn replays_are_by_id_or_asked_about() {
    let desk = Desk::new().await;
    let one = desk.run(&["dead", "replay", KNOWN]).await;
    assert!(one.well().contains("Put back 1 dead letter."), "{one:?}");
    let request = desk.server.call("Replay");
    assert_eq!(
        part(&request, &["ids", "dryRun"]),
        json!({"ids": [KNOWN], "dryRun": false})
    );
    assert_eq!(request.get("filter"), None, "with ids there is no filter");

    let partly = desk.run(&["dead", "replay", KNOWN, MISSING]).await;
    partly.failed(3, MISSING);
    assert!(partly.out.contains("Put back 1 dead letter."), "{partly:?}");
    let unasked = desk.run(&["dead", "replay", "--all", "--rate", "2"]).await;
    unasked.failed(5, "add --yes");
    let all = desk
        .run(&["dead", "replay", "--all", "--rate", "2", "--yes"])
        .await;
    assert!(all.well().contains("Put back 7 dead letters."), "{all:?}");
    let (_, request) = desk.server.calls().pop().unwrap();
    assert_eq!(request["ratePerSecond"], 2.0);
    assert!(
        request["filter"].is_object(),
        "all is an empty filter, set on purpose"
    );
}

#[tokio::test]
async fn which_dead_letters_has_to_be_said() {
    let desk = Desk::new().await;
    desk.run(&["dead", "purge"]).await.failed(64, "or --all");
    desk.run(&["dead", "replay", KNOWN, "--class", "expired"])
        .await
        .failed(64, "not both");
    assert!(desk.server.calls().is_empty());
}

#[tokio::test]
async fn purges_are_confirmed_with_the_token_of_the_plan() {
    let desk = Desk::new().await;
    let dry = desk.run(&["dead", "purge", "--all", "--dry-run"]).await;
    assert!(
        dry.well().contains("Would throw away 7 dead letters."),
        "{dry:?}"
    );
    let all = desk
        .run(&["dead", "purge", "--error-code", "131026", "--yes"])
        .await;
    assert!(all.well().contains("Threw away 7 dead letters."), "{all:?}");
    let (_, request) = desk.server.calls().pop().unwrap();
    assert_eq!(request["confirmationToken"], "plan-2");
    assert_eq!(request["filter"]["errorCode"], 131_026);
    let one = desk.run(&["dead", "purge", KNOWN]).await;
    one.failed(5, "nothing was done");
    let one = desk.run(&["dead", "purge", KNOWN, "--yes", "--json"]).await;
    assert_eq!(one.json()["purged"], 1);
}

#[tokio::test]
async fn decisions_find_the_number_by_themselves() {
    let desk = Desk::new().await;
    let unasked = desk.run(&["message", "decide", KNOWN, "--resend"]).await;
    unasked.failed(5, "add --yes");
    let resent = desk
        .run(&["message", "decide", KNOWN, "--give-up", "--yes"])
        .await;
    assert!(resent.well().contains("Given up."), "{resent:?}");
    assert_eq!(
        desk.server.call("Decide"),
        json!({"id": KNOWN, "decision": "give_up", "phoneNumberId": "106540352242922"})
    );
    for wrong in [
        &["message", "decide", KNOWN][..],
        &["message", "decide", KNOWN, "--resend", "--give-up"],
    ] {
        assert_eq!(desk.run(wrong).await.code, Some(64));
    }
}

#[tokio::test]
async fn numbers_are_limited_stopped_and_resumed() {
    let desk = Desk::new().await;
    let id = "106540352242922";
    let limit = desk
        .run_as("operator", &["number", "limit", id, "12.5"])
        .await;
    assert!(limit.well().contains("The limit is set."), "{limit:?}");
    assert_eq!(
        desk.server.call("SetLimit"),
        json!({"phoneNumberId": id, "limitPerSecond": 12.5})
    );
    desk.run_as("operator", &["number", "limit", id, "--unset"])
        .await
        .well();
    let (_, unset) = desk.server.calls().pop().unwrap();
    assert_eq!(unset, json!({"phoneNumberId": id}));
    assert_eq!(desk.run(&["number", "limit", id]).await.code, Some(64));
    desk.run(&["number", "stop", id, "--reason", "a leak"])
        .await
        .well();
    assert_eq!(
        desk.server.call("Stop"),
        json!({"phoneNumberId": id, "reason": "a leak"})
    );
    let resume = desk.run(&["number", "resume", id]).await;
    assert!(
        resume.well().contains("neither stopped nor paused"),
        "{resume:?}"
    );
}

#[tokio::test]
async fn a_text_can_be_sent_again_when_its_answer_was_lost() {
    let desk = Desk::new().await;
    let sent = desk
        .run(&[
            "send",
            "--from",
            "106540352242922",
            "--to",
            "1 555 000 1234",
            "Hello",
        ])
        .await;
    assert!(
        sent.well().contains(&format!("Accepted: {KNOWN}")),
        "{sent:?}"
    );
    let request = desk.server.call("SendText");
    assert_eq!(request["to"], "+15550001234");
    assert!(!request["idempotencyKey"].as_str().unwrap().is_empty());
    let arguments = [
        "send",
        "--from",
        "1",
        "--to",
        "15550001234",
        "--idempotency-key",
        "k1",
        "fail",
    ];
    desk.run(&arguments).await.failed(1, "--idempotency-key k1");
}
