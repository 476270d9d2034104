//! What comes in: right, wrong and broken.

use bytes::Bytes;
use serde_json::json;
use waypost_e2e::webhook::{NOON, change, messages, status, statuses, webhook};
use waypost_harness::services::VERIFY_TOKEN;
use waypost_whatsapp::signature::sign;

use super::{CUSTOMER, NAME, Run, STRANGER, USER_ID, WRONG, WRONG_VERIFY_TOKEN};
use crate::SOON;
use crate::system::ask;

/// Messages, statuses and events of an account that come in as they should, and are heard of in browsers.
pub(super) async fn good(run: &mut Run) {
    let handshake =
        format!("/webhook?hub.mode=subscribe&hub.challenge=4711&hub.verify_token={VERIFY_TOKEN}");
    let reply = run.system.ingress.client().get(&handshake).await.unwrap();
    assert_eq!(reply.status, 200);
    let items = [run.text_of(CUSTOMER), run.text_of(CUSTOMER)];
    let profile = json!({"profile": {"name": NAME}, "wa_id": CUSTOMER, "user_id": USER_ID});
    let value = json!({"contacts": [profile], "messages": items});
    let note = run.says();
    let body = webhook(&[
        change("messages", value),
        change("account_alerts", json!({"note": note})),
    ]);
    run.good_webhook(body.clone()).await;
    // The same again: a duplicate is told of in the log.
    run.good_webhook(body).await;
    let mut failed = status(&run.wamid(STRANGER), "failed", NOON, STRANGER);
    failed["errors"] = json!([{"code": 131_026, "title": run.says(), "message": format!("+{STRANGER} {}", run.says()),
        "error_data": {"details": format!("{STRANGER} is not on WhatsApp")}}]);
    run.good_webhook(statuses(&[failed])).await;
    run.system.site.stage.drained(SOON).await;
}

/// What Meta, or somebody who claims to be Meta, gets wrong.
pub(super) async fn bad(run: &mut Run) {
    let path = format!(
        "/webhook?hub.mode=subscribe&hub.challenge=4711&hub.verify_token={WRONG_VERIFY_TOKEN}"
    );
    let url = format!("http://{}{path}", run.system.ingress.address());
    let answer = ask("GET", &url, &[], "").await;
    run.refused("a wrong handshake", &answer);
    let body = messages(&[run.text_of(STRANGER)]);
    let answer = run
        .webhook(body.clone(), &sign(WRONG.as_bytes(), &body))
        .await;
    run.refused("a bad signature", &answer);
    let answer = run.webhook(body.clone(), STRANGER).await;
    run.refused("no signature at all", &answer);
    // Signed, and broken: Meta would only send it again, so it is taken and given up later.
    let whole = messages(&[run.text_of(STRANGER)]);
    run.good_webhook(whole.slice(..whole.len() - 3)).await;
    for (good, poison) in [
        ("PARSER", r#""text":{"body":"BODY \ud83d"}"#),
        (
            "POSTGRES",
            r#""location":{"latitude":1e400000,"name":"BODY","address":"BODY"}"#,
        ),
        ("ZERO", r#""text":{"body":"BODY \u0000"}"#),
    ] {
        let mut item = run.text_of(STRANGER);
        item["text"] = json!(good);
        let poison = poison.replace("BODY", &run.says());
        let body = messages(&[item]);
        let body = String::from_utf8(body.to_vec()).unwrap();
        let body = body.replace(&format!(r#""text":"{good}""#), &poison);
        run.good_webhook(Bytes::from(body)).await;
    }
    run.system.site.stage.drained(SOON).await;
    assert!(run.system.site.stage.summary().await.failed >= 3);
}
