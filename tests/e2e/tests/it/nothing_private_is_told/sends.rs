//! What goes out, what is refused on the way, and what is away meanwhile.

use serde_json::{Value, json};
use waypost_e2e::webhook::{NUMBER, messages};
use waypost_harness::services::APP_SECRET;
use waypost_sandbox::graph::{Effect, ErrorAnswer, Fault, Filter};
use waypost_whatsapp::signature::sign;

use super::{CUSTOMER, OPERATOR, RECIPIENT, REFUSED, Run, UNLUCKY, WRONG};
use crate::LATER;
use crate::system::KEY;

/// What senders get wrong.
pub(super) async fn are_bad(run: &mut Run) {
    let text_to = |to: &str, body: String| json!({"from": NUMBER, "to": to, "type": "text", "text": {"body": body}});
    let good = text_to(&format!("+{RECIPIENT}"), run.says());
    let answer = run.post(WRONG, "1", good.to_string()).await;
    run.refused("a wrong key", &answer);
    let answer = run.post(KEY, "2", good.to_string().replace('}', "")).await;
    run.refused("broken JSON", &answer);
    let bare = text_to(RECIPIENT, run.says()).to_string();
    let answer = run.post(KEY, "3", bare).await;
    // Without + it is taken as Meta takes it, or refused; either way nothing is told.
    run.texts
        .add("the answer to a number without +", format!("{:?}", answer));
    for (what, to, body) in [
        (
            "a number with letters",
            format!("+{RECIPIENT}x"),
            json!({"body": run.says()}),
        ),
        (
            "a text that is none",
            format!("+{RECIPIENT}"),
            json!(run.says()),
        ),
        (
            "members that nobody knows",
            format!("+{RECIPIENT}"),
            json!({"body": run.says(), run.says(): run.says()}),
        ),
        (
            "a text that is too long",
            format!("+{RECIPIENT}"),
            json!({"body": run.says().repeat(300)}),
        ),
    ] {
        let mut message = text_to(&to, String::new());
        message["text"] = body;
        let answer = run.post(KEY, "4", message.to_string()).await;
        if what == "members that nobody knows" && answer.status < 400 {
            continue;
        }
        run.refused(what, &answer);
    }
    let mut typed = text_to(&format!("+{RECIPIENT}"), run.says());
    typed["type"] = json!(run.says());
    let answer = run.post(KEY, "5", typed.to_string()).await;
    run.texts
        .add("the answer to a type of tomorrow", format!("{:?}", answer));
    let first = run.post(KEY, "again", good.to_string()).await;
    assert_eq!(first.status, 202);
    let other = text_to(&format!("+{RECIPIENT}"), run.says());
    let answer = run.post(KEY, "again", other.to_string()).await;
    run.refused("a key for two messages", &answer);
}

/// Messages that Meta takes, refuses with the person's number and text in its words, and of which nobody knows.
pub(super) async fn go(run: &mut Run) {
    let sent = run.send(RECIPIENT).await;
    run.system.reaches(sent, "sent").await;
    run.system.tell(sent, "delivered", RECIPIENT).await;
    let words = |run: &mut Run, code, phone: &str| ErrorAnswer {
        message: Some(format!("(#{code}) +{phone} cannot get {}", run.says())),
        details: Some(format!("Recipient {phone}: {}", run.says())),
        ..ErrorAnswer::code(code)
    };
    let to = |phone: &str, first| Filter {
        recipient: Some(phone.to_owned()),
        first: Some(first),
        ..Filter::default()
    };
    let errors = [words(run, 131_026, REFUSED), words(run, 131_016, UNLUCKY)];
    let [never, later] = errors.map(Effect::Error);
    let faults = vec![
        Fault::when(to(REFUSED, 1), never),
        Fault::when(to(REFUSED, 1), Effect::ServerError(502)),
        Fault::when(to(REFUSED, 1), Effect::TruncatedAnswer).silent(),
        Fault::when(to(REFUSED, 1), Effect::ResetBefore),
        Fault::when(to(UNLUCKY, 2), later),
    ];
    run.system.graph.set_faults(faults);
    for _ in 0..4 {
        let id = run.send(REFUSED).await;
        run.system.reaches(id, "dead").await;
    }
    let unlucky = run.send(UNLUCKY).await;
    run.system.reaches(unlucky, "dead").await;
}

/// Redis and Postgres away, and the token for Meta no longer good.
pub(super) async fn in_outages(run: &mut Run) {
    run.postgres.cut();
    let body = messages(&[run.text_of(CUSTOMER)]);
    run.good_webhook(body).await;
    let path = format!("/v1/messages?person_phone={CUSTOMER}");
    let answer = run.plane(OPERATOR, "GET", &path, Value::Null).await;
    run.refused("a question while Postgres is away", &answer);
    run.redis.cut();
    let body = messages(&[run.text_of(CUSTOMER)]);
    let answer = run
        .webhook(body.clone(), &sign(APP_SECRET.as_bytes(), &body))
        .await;
    run.refused("a webhook while Redis is away", &answer);
    let message = json!({"from": NUMBER, "to": format!("+{RECIPIENT}"), "type": "text", "text": {"body": run.says()}});
    let answer = run.post(KEY, "away", message.to_string()).await;
    run.refused("a message while Redis is away", &answer);
    run.redis.heal();
    run.postgres.heal();
    run.system.site.stage.drained(LATER).await;
    let token = Filter {
        recipient: Some(RECIPIENT.to_owned()),
        ..Filter::default()
    };
    run.system
        .graph
        .set_faults(vec![Fault::when(token, Effect::TokenExpired)]);
    let id = run.send(RECIPIENT).await;
    run.system.reaches(id, "retrying").await;
}
