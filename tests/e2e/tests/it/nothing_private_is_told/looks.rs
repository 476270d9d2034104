//! What browsers, front ends and operators ask for.

use serde_json::{Value, json};
use waypost_e2e::webhook::NUMBER;
use waypost_realtime_tests::{SocketIo, tokens};
use waypost_token::Scope;

use super::{CUSTOMER, FRONT_END, NAME, OPERATOR, RECIPIENT, Run, WRONG};
use crate::LATER;
use crate::system::ask;

/// What browsers and front ends get wrong.
pub(super) async fn browsers(run: &mut Run) {
    let realtime = run.system.realtime.address;
    let tokens_at = run.system.realtime.tokens;
    let good = tokens::of_everything();
    let expired = tokens::expired(NUMBER);
    let wrong = tokens::signed_with(
        "another secret of 32 bytes and more",
        Scope::Everything,
        LATER,
    );
    for token in [&good, &expired, &wrong] {
        run.private.word("a browser's token", token);
        for part in token.split('.') {
            // The first is that of every token, also of those that are not known here.
            run.private.word("a part of a token", part);
        }
    }
    for (what, token) in [
        ("an expired token", &expired),
        ("a token of others", &wrong),
    ] {
        let url = format!("http://{realtime}/v1/events?token={token}");
        let answer = ask("GET", &url, &[], "").await;
        run.refused(what, &answer);
        let dial = run.system.realtime.dial(token);
        let failed = SocketIo::connect(&dial).await;
        let failed = failed.expect_err("Socket.IO refuses it too");
        run.texts.add("what Socket.IO answers", failed.to_string());
    }
    let url = format!("http://{realtime}/v1/events?token={good}&after={CUSTOMER}x");
    let answer = ask("GET", &url, &[], "").await;
    run.refused("a position that is none", &answer);
    for (key, body) in [
        (WRONG, json!({"number": NUMBER})),
        (FRONT_END, json!({"number": CUSTOMER, "subject": NAME})),
        (FRONT_END, json!({"numbers": CUSTOMER})),
    ] {
        let url = format!("http://{tokens_at}/v1/realtime/tokens");
        let bearer = format!("Bearer {key}");
        let headers = [
            ("authorization", &*bearer),
            ("content-type", "application/json"),
        ];
        let answer = ask("POST", &url, &headers, body.to_string()).await;
        run.refused("a token that may not be had", &answer);
    }
}

/// What operators look at.
pub(super) async fn operators(run: &mut Run) {
    let wamid = run.wamid(CUSTOMER);
    for path in [
        format!("/v1/messages?person_phone={CUSTOMER}"),
        format!(
            "/v1/messages?wamid={}",
            wamid.replace('+', "%2B").replace('=', "%3D")
        ),
        format!("/v1/conversations?person_phone={CUSTOMER}"),
        "/v1/dead-letters?filter.queue=message".to_owned(),
        "/v1/queues/stats".to_owned(),
    ] {
        let answer = run.plane(OPERATOR, "GET", &path, Value::Null).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
    }
}

/// What they send, and get wrong.
pub(super) async fn operators_err(run: &mut Run) {
    let text = run.says();
    let good = json!({"phone_number_id": NUMBER, "to": format!("+{RECIPIENT}"), "text": text});
    let answer = run
        .plane(OPERATOR, "POST", "/v1/messages:sendText", good.clone())
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let mut broken = good.clone();
    broken["to"] = json!(format!("+{RECIPIENT}x"));
    let mut odd = good.clone();
    odd["nobody_knows"] = json!(text);
    for (what, key, method, path, body) in [
        (
            "a wrong key of an operator",
            WRONG,
            "POST",
            "/v1/messages:sendText".to_owned(),
            good,
        ),
        (
            "a number with letters",
            OPERATOR,
            "POST",
            "/v1/messages:sendText".to_owned(),
            broken,
        ),
        (
            "a member that nobody knows",
            OPERATOR,
            "POST",
            "/v1/messages:sendText".to_owned(),
            odd,
        ),
        (
            "a body that is text",
            OPERATOR,
            "POST",
            "/v1/messages:sendText".to_owned(),
            json!(text),
        ),
        (
            "a message by phone number",
            OPERATOR,
            "GET",
            format!("/v1/messages/{CUSTOMER}"),
            Value::Null,
        ),
        (
            "a conversation by phone number",
            OPERATOR,
            "GET",
            format!("/v1/conversations/{CUSTOMER}/messages"),
            Value::Null,
        ),
        (
            "a path that is none",
            OPERATOR,
            "GET",
            format!("/v1/people/{CUSTOMER}"),
            Value::Null,
        ),
        (
            "a person who is none",
            OPERATOR,
            "GET",
            format!("/v1/messages?contact_id={CUSTOMER}"),
            Value::Null,
        ),
    ] {
        let answer = run.plane(key, method, &path, body).await;
        run.refused(what, &answer);
    }
}
