use std::path::Path;
use std::time::UNIX_EPOCH;

use serde_json::json;
use waypost_runtime::keys::KeyRing;

use super::*;
use crate::send::members;

fn rules() -> Rules {
    let made = crate::send::new_key("backend", &["106"]).unwrap();
    let ring = KeyRing::parse(Path::new("keys.toml"), &made.table).unwrap();
    let key = shown(&made);
    Rules {
        key: ring.find(key.as_bytes()).unwrap(),
        on_unknown: OnUnknown::Hold,
        max_ahead: Duration::from_secs(30 * 86_400),
        now: UNIX_EPOCH + Duration::from_secs(1_795_521_600),
    }
}

fn shown(made: &crate::send::NewKey) -> String {
    use waypost_settings::ExposeSecret;
    made.key.expose_secret().to_owned()
}

fn run(json: &str) -> Result<Draft, Problem> {
    check(&rules(), members::whole(json.as_bytes()).unwrap())
}

fn draft(json: &str) -> Draft {
    match run(json) {
        Ok(draft) => draft,
        Err(problem) => panic!("{json}: {problem:?}"),
    }
}

fn problem(json: &str) -> Value {
    match run(json) {
        Ok(_) => panic!("{json} was taken"),
        Err(problem) => problem.value("urn:x"),
    }
}

fn pointers(json: &str) -> Vec<String> {
    let problem = problem(json);
    assert_eq!(problem["status"], 422, "{problem}");
    let errors = problem["errors"].as_array().unwrap().clone();
    errors
        .iter()
        .map(|error| error["pointer"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn what_is_ours_is_taken_out_and_all_else_stays_as_it_was_written() {
    let draft = draft(
        r#"{ "from":"106", "to":"+4917012345678","priority":"high","sendAt":1.10,
            "send_at":1795521700,"expires_at":"2026-11-25T00:00:00Z","on_unknown":"resend",
            "biz_opaque_callback_data":"mine", "text":{"body" : "\u00fc 1e3","preview_url":null},
            "x\u0041/y":[1e3] }"#,
    );
    assert_eq!(
        draft.body,
        "{\"messaging_product\":\"whatsapp\",\"to\":\"+4917012345678\",\"sendAt\":1.10,\
         \"text\":{\"body\" : \"\\u00fc 1e3\",\"preview_url\":null},\"xA/y\":[1e3],\"type\":\"text\"}"
    );
}

#[test]
fn members_of_ours_are_read() {
    let draft = draft(
        r#"{"from":"106","to":"+4917012345678","priority":"low","send_at":1795521700,
            "expires_at":1795521800,"on_unknown":"resend","biz_opaque_callback_data":"mine",
            "type":"image","image":{"link":"https://example.com/a.png"}}"#,
    );
    let at = |seconds| Some(UNIX_EPOCH + Duration::from_secs(seconds));
    assert_eq!(
        (draft.send_at, draft.expires_at),
        (at(1_795_521_700), at(1_795_521_800))
    );
    assert_eq!(
        (draft.priority, draft.on_unknown),
        (Priority::Low, OnUnknown::Resend)
    );
    assert_eq!(draft.callback_data.as_deref(), Some("mine"));
    assert_eq!(draft.recipient.lane(), "4917012345678");
    assert!(draft.by_link && draft.kind == "image" && draft.from == "106");
    assert!(!draft.body.windows(4).any(|bytes| bytes == b"mine"));
}

#[test]
fn null_is_none() {
    let draft = draft(
        r#"{"from":"106","to":"+4917012345678","messaging_product":null,"type":null,"send_at":null,
            "priority":null,"on_unknown":null,"expires_at":null,"biz_opaque_callback_data":null,
            "text":{"body":"x"}}"#,
    );
    assert_eq!(
        draft.body,
        r#"{"messaging_product":"whatsapp","to":"+4917012345678","text":{"body":"x"},"type":"text"}"#
    );
    assert_eq!((draft.send_at, draft.on_unknown), (None, OnUnknown::Hold));
}

#[test]
fn a_mark_as_read_names_its_message_by_a_digest() {
    let draft = draft(
        r#"{"from":"106","messaging_product":"whatsapp","status":"read","message_id":"wamid.A=","typing_indicator":{"type":"text"}}"#,
    );
    assert_eq!(draft.kind, "read");
    assert_eq!(draft.on_unknown, OnUnknown::Resend);
    let lane = draft.recipient.lane();
    assert!(lane.starts_with("m:") && lane.len() == 2 + 16, "{lane}");
    assert_eq!(
        draft.body,
        r#"{"messaging_product":"whatsapp","status":"read","message_id":"wamid.A=","typing_indicator":{"type":"text"}}"#
    );
}

#[test]
fn all_faults_are_told_ours_and_theirs() {
    let found = pointers(
        r#"{"to":"4917012345678","priority":"urgent","send_at":1799999999,"expires_at":1795521599,
            "on_unknown":1,"type":"text","text":{},"a~/b":"\ud800","nul":["\u0000"],"to":"1"}"#,
    );
    for wanted in [
        "/from",
        "/to",
        "/priority",
        "/send_at",
        "/expires_at",
        "/on_unknown",
        "/text/body",
        "/a~0~1b",
        "/nul",
    ] {
        assert!(
            found.iter().any(|pointer| pointer == wanted),
            "{wanted} is not in {found:?}"
        );
    }
    let good = r#""to":"+4917012345678","text":{"body":"x"}"#;
    for (ours, wanted) in [
        (r#""from":106"#, "/from"),
        (r#""from":"+106""#, "/from"),
        (
            r#""from":"106","send_at":"2026-11-24T12:00:00""#,
            "/send_at",
        ),
        (r#""from":"106","send_at":1795521700000"#, "/send_at"),
        (
            r#""from":"106","send_at":1795521700,"expires_at":1795521700"#,
            "/expires_at",
        ),
        (r#""from":"106","expires_at":1795521600"#, "/expires_at"),
    ] {
        assert_eq!(pointers(&format!("{{{ours},{good}}}")), [wanted], "{ours}");
    }
    for no_object in ["[]", "1", "null", "\"x\""] {
        assert_eq!(pointers(no_object), [""]);
    }
}

#[test]
fn another_number_is_forbidden_before_anything_else_is_told() {
    let problem = problem(r#"{"from":"107","to":"1"}"#);
    assert_eq!(problem["status"], 403);
    assert_eq!(problem["errors"], json!(null));
}

#[test]
fn depth_beyond_reason_is_a_fault_and_no_crash() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let json =
        format!(r#"{{"from":"106","to":"+4917012345678","text":{{"body":"x"}},"deep":{deep}}}"#);
    assert_eq!(pointers(&json), ["/deep"]);
}

#[test]
fn a_million_faults_are_told_by_a_hundred() {
    let doubles = "\"a\":1,".repeat(10_000);
    let found = pointers(&format!("{{{doubles}\"from\":\"106\"}}"));
    assert_eq!(found.len(), 100);
}
