//! The verdict of every row of the error table, written down a second time and apart from it.

use std::time::Duration;

use serde_json::{Value, json};

use super::Scope::{Account, App, Number, Pair};
use super::{AttemptFacts, Judgement, Verdict, explain, judge, table};

/// What is expected, in short.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Is {
    /// Retry as often as the caller likes.
    Again,
    /// Retry, three attempts in all.
    Few,
    /// Retry after so many seconds.
    Later(u64),
    Slow(super::Scope),
    /// Slow down, and wait for so many seconds.
    Wait(super::Scope, u64),
    Never,
    Stop,
}
use Is::{Again, Few, Later, Never, Slow, Stop, Wait};

/// Code, subcode, HTTP status, verdict, somebody should look, Meta is unwell.
type Case = (i64, Option<i64>, u16, Is, bool, bool);

/// Both ends of each range.
#[rustfmt::skip]
const CASES: &[Case] = &[
    (0, None, 401, Stop, true, false),
    (1, None, 400, Few, false, false),
    (1, None, 500, Few, false, true),
    (2, None, 503, Again, false, true),
    (3, None, 500, Stop, true, false),
    (4, None, 400, Slow(App), false, false),
    (10, None, 403, Stop, true, false),
    (17, None, 400, Slow(App), false, false),
    (32, None, 400, Slow(App), false, false),
    (341, None, 400, Slow(App), false, false),
    (613, None, 429, Slow(App), false, false),
    (33, None, 400, Stop, true, false),
    (100, None, 400, Never, false, false),
    (100, Some(1), 400, Never, false, false),
    (100, Some(33), 400, Stop, true, false),
    (100, Some(2_494_055), 400, Never, false, false),
    (102, None, 401, Stop, true, false),
    (104, None, 400, Stop, true, false),
    (2_500, None, 400, Stop, true, false),
    (190, None, 401, Stop, true, false),
    (190, Some(458), 401, Stop, true, false),
    (190, Some(460), 401, Stop, true, false),
    (190, Some(463), 401, Stop, true, false),
    (190, Some(467), 400, Stop, true, false),
    (199, None, 400, Never, false, false),
    (200, None, 403, Stop, true, false),
    (210, None, 400, Stop, true, false),
    (299, None, 403, Stop, true, false),
    (300, None, 400, Never, false, false),
    (368, None, 403, Stop, true, false),
    (506, None, 400, Never, false, false),
    (80_007, None, 400, Slow(Account), false, false),
    (130_403, None, 400, Never, false, false),
    (130_429, None, 400, Slow(Number), false, false),
    (130_429, Some(2_494_055), 429, Slow(Number), false, false),
    (130_472, None, 400, Never, false, false),
    (130_497, None, 403, Never, true, false),
    (131_000, None, 500, Few, false, true),
    (131_005, None, 403, Stop, true, false),
    (131_008, None, 400, Never, false, false),
    (131_009, None, 400, Never, false, false),
    (131_014, None, 400, Never, false, false),
    (131_016, None, 500, Again, false, true),
    (131_020, None, 400, Never, false, false),
    (131_021, None, 400, Never, false, false),
    (131_026, None, 400, Never, false, false),
    (131_030, None, 400, Never, false, false),
    (131_031, None, 403, Stop, true, false),
    (131_035, None, 400, Never, true, false),
    (131_037, None, 400, Stop, true, false),
    (131_041, None, 400, Never, false, false),
    (131_042, None, 400, Never, true, false),
    (131_044, None, 400, Never, true, false),
    (131_045, None, 500, Stop, true, false),
    (131_047, None, 400, Never, false, false),
    (131_048, None, 400, Wait(Number, 7_200), true, false),
    (131_049, None, 400, Never, false, false),
    (131_050, None, 400, Never, false, false),
    (131_051, None, 400, Never, false, false),
    (131_052, None, 400, Never, false, false),
    (131_053, None, 400, Never, false, false),
    (131_055, None, 400, Never, true, false),
    (131_056, None, 400, Slow(Pair), false, false),
    (131_057, None, 500, Wait(Number, 60), false, false),
    (131_059, None, 400, Never, false, false),
    (131_060, None, 400, Never, false, false),
    (131_062, None, 400, Never, false, false),
    (131_063, None, 400, Never, true, false),
    (131_064, None, 400, Wait(Account, 7_200), true, false),
    (131_201, None, 400, Never, true, false),
    (131_202, None, 206, Never, true, false),
    (131_204, None, 403, Never, true, false),
    (131_207, None, 400, Never, true, false),
    (131_208, None, 429, Slow(Number), false, false),
    (131_209, None, 400, Never, true, false),
    (131_215, None, 400, Never, true, false),
    (131_216, None, 429, Slow(Number), false, false),
    (132_000, None, 400, Never, false, false),
    (132_001, None, 404, Never, true, false),
    (132_005, None, 400, Never, false, false),
    (132_007, None, 400, Never, true, false),
    (132_008, None, 400, Never, false, false),
    (132_012, None, 400, Never, false, false),
    (132_015, None, 400, Never, true, false),
    (132_016, None, 400, Never, true, false),
    (132_018, None, 400, Never, false, false),
    (132_068, None, 400, Never, true, false),
    (132_069, None, 400, Wait(Pair, 360), true, false),
    (133_000, None, 500, Never, true, false),
    (133_004, None, 503, Again, false, true),
    (133_005, None, 400, Never, true, false),
    (133_006, None, 400, Never, true, false),
    (133_008, None, 400, Never, true, false),
    (133_009, None, 400, Never, true, false),
    (133_010, None, 400, Stop, true, false),
    (133_015, None, 400, Never, true, false),
    (133_016, None, 400, Never, true, false),
    (134_011, None, 400, Never, true, false),
    (134_100, None, 400, Never, false, false),
    (134_101, None, 400, Wait(Pair, 600), false, false),
    (134_102, None, 500, Never, true, false),
    (135_000, None, 400, Never, false, false),
    (137_000, None, 400, Never, false, false),
    (138_000, None, 500, Never, false, false),
    (138_023, None, 429, Never, false, false),
    (139_000, None, 400, Never, true, false),
    (139_004, None, 400, Never, true, false),
    (139_100, None, 400, Never, true, false),
    (139_101, None, 400, Never, true, false),
    (139_102, None, 400, Never, true, false),
    (139_103, None, 400, Few, true, false),
    (147_001, None, 400, Never, true, false),
    (147_005, None, 400, Never, true, false),
    (200_005, None, 400, Never, false, false),
    (200_007, None, 400, Never, false, false),
    (1_752_041, None, 400, Never, false, false),
    (2_388_001, None, 400, Never, true, false),
    (2_388_019, None, 400, Never, true, false),
    (2_388_299, None, 400, Never, true, false),
    (2_494_055, None, 400, Slow(Number), false, false),
    (2_494_100, None, 400, Later(300), true, false),
    (2_494_164, None, 400, Never, true, false),
    (2_494_179, None, 400, Never, true, false),
    (2_593_079, None, 400, Never, true, false),
    (2_593_085, None, 400, Never, true, false),
    (2_593_107, None, 400, Never, true, false),
    (2_593_108, None, 400, Never, true, false),
    (2_593_109, None, 400, Never, true, false),
    // Unknown codes: by subcode, then by HTTP status.
    (999_999, Some(2_494_055), 400, Slow(Number), false, false),
    (999_999, Some(33), 400, Never, false, false),
    (999_999, None, 429, Slow(Number), false, false),
    (999_999, None, 500, Few, false, true),
    (999_999, None, 599, Few, false, true),
    (999_999, None, 400, Never, false, false),
    (999_999, None, 499, Never, false, false),
    (999_999, None, 200, Never, true, false),
    (999_999, None, 302, Never, true, false),
    (-1, None, 400, Never, false, false),
];

fn error(code: i64, subcode: Option<i64>) -> Vec<u8> {
    let mut body = json!({"error": {"message": "m", "type": "OAuthException", "code": code}});
    if let Some(subcode) = subcode {
        body["error"]["error_subcode"] = subcode.into();
    }
    body.to_string().into_bytes()
}

fn verdict(expected: Is) -> Verdict {
    let seconds = Duration::from_secs;
    let again = |at_most, after| Verdict::Retry { at_most, after };
    let slow = |scope, after| Verdict::SlowDown { scope, after };
    match expected {
        Again => again(None, None),
        Few => again(Some(3), None),
        Later(after) => again(None, Some(seconds(after))),
        Slow(scope) => slow(scope, None),
        Wait(scope, after) => slow(scope, Some(seconds(after))),
        Never => Verdict::Never,
        Stop => Verdict::StopNumber,
    }
}

fn plain(status: u16, body: &[u8]) -> Judgement {
    judge(status, body, None, AttemptFacts::default())
}

#[test]
fn every_row_has_its_verdict() {
    for &(code, subcode, status, expected, operator, meta_failure) in CASES {
        let judged = plain(status, &error(code, subcode));
        let name = format!("{code}/{subcode:?} with {status}");
        assert_eq!(judged.verdict, verdict(expected), "{name}");
        assert_eq!(judged.operator, operator, "{name}: operator");
        assert_eq!(judged.meta_failure, meta_failure, "{name}: meta_failure");
        let told = judged.error.unwrap();
        assert_eq!((told.code, told.subcode), (code, subcode), "{name}");
    }
}

#[test]
fn every_row_and_both_ends_of_its_ranges_are_in_the_cases() {
    for row in table::ROWS {
        for &(first, last) in row.codes {
            assert!(first <= last);
            for end in [first, last] {
                let covered = CASES
                    .iter()
                    .any(|case| case.0 == end && (row.subcode.is_none() || case.1 == row.subcode));
                assert!(covered, "{end} with {:?}", row.subcode);
                let found = table::find(end, row.subcode).unwrap();
                assert!(std::ptr::eq(found, row), "{end} is in two rows");
            }
        }
    }
}

#[test]
fn every_row_is_explained_in_a_sentence() {
    for row in table::ROWS {
        assert!(
            row.words.len() > 20 && row.words.ends_with('.'),
            "{}",
            row.words
        );
        assert!(explain(row.codes[0].0).is_some());
    }
    assert!(explain(131_047).unwrap().contains("24 hours"));
    assert!(
        explain(100).unwrap().contains("parameter"),
        "not the row of subcode 33"
    );
    assert_eq!(explain(999_999), None);
}

#[test]
fn media_by_link_is_tried_again() {
    let by_link = AttemptFacts { by_link: true };
    let judged = judge(400, &error(131_053, None), None, by_link);
    assert_eq!((judged.verdict, judged.meta_failure), (verdict(Few), false));
    assert_eq!(
        judge(400, &error(131_008, None), None, by_link).verdict,
        Verdict::Never
    );
}

#[test]
fn retry_after_makes_waits_longer_and_never_shorter() {
    let judge_with = |status, body: &[u8], seconds| {
        let after = Some(Duration::from_secs(seconds));
        judge(status, body, after, AttemptFacts::default()).verdict
    };
    let cases = [
        (429, error(130_429, None), 9, Wait(Number, 9)),
        (400, error(131_057, None), 9, Wait(Number, 60)),
        (400, error(131_057, None), 90, Wait(Number, 90)),
        (503, error(2, None), 9, Later(9)),
        (400, error(131_047, None), 9, Never),
        (429, Vec::new(), 9, Wait(Number, 9)),
    ];
    for (status, body, seconds, expected) in cases {
        assert_eq!(judge_with(status, &body, seconds), verdict(expected));
    }
    assert_eq!(judge_with(503, b"", 9), Verdict::Unknown);
}

#[test]
fn what_was_taken() {
    let done = |wamid: Option<&str>, held| Verdict::Done {
        wamid: wamid.map(str::to_owned),
        held,
    };
    let message = |more: Value| {
        let mut message = json!({"id": "wamid.X"});
        message
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        json!({"messaging_product": "whatsapp", "contacts": [{"input": "+1"}], "messages": [message]})
    };
    let cases = [
        (message(json!({})), done(Some("wamid.X"), false)),
        (
            message(json!({"message_status": "accepted"})),
            done(Some("wamid.X"), false),
        ),
        (
            message(json!({"message_status": "paused"})),
            done(Some("wamid.X"), true),
        ),
        (
            message(json!({"message_status": "held_for_quality_assessment"})),
            done(Some("wamid.X"), true),
        ),
        (json!({"success": true}), done(None, false)),
        (json!({}), done(None, false)),
        (json!({"messages": []}), done(None, false)),
        (json!({"messages": [{"id": ""}]}), done(None, false)),
        (json!({"success": false}), Verdict::Never),
        (json!([1]), Verdict::Unknown),
    ];
    for (body, expected) in cases {
        let judged = plain(200, body.to_string().as_bytes());
        assert_eq!(judged.verdict, expected, "{body}");
        assert!(!judged.meta_failure && judged.error.is_none());
    }
}

#[test]
fn answers_without_an_error_that_can_be_read() {
    let slow = verdict(Slow(Number));
    #[rustfmt::skip]
    let cases: [(u16, &str, Verdict, bool, bool); 19] = [
        (200, "", Verdict::Unknown, false, false),
        (200, r#"{"messages":[{"id":"wamid.X"#, Verdict::Unknown, false, false),
        (200, "<html>", Verdict::Unknown, false, false),
        (500, "", Verdict::Unknown, false, true),
        (502, "<html>", Verdict::Unknown, false, true),
        (503, r#"{"error":"busy"}"#, Verdict::Unknown, false, true),
        (503, r#"{"error":{"message":"no code"}}"#, Verdict::Unknown, false, true),
        (503, r#"{"error":{"code":"two"}}"#, Verdict::Unknown, false, true),
        (504, r#"{"messages":[{"id":"wamid.X"}]}"#, Verdict::Unknown, false, true),
        (429, "", slow.clone(), false, false),
        (429, "Too Many Requests", slow.clone(), false, false),
        (429, "{}", slow, false, false),
        (400, "", Verdict::Never, true, false),
        (404, "<html>", Verdict::StopNumber, true, false),
        (401, "", Verdict::StopNumber, true, false),
        (408, "", Verdict::Unknown, false, false),
        (413, "{}", Verdict::Never, true, false),
        (302, "", Verdict::StopNumber, true, false),
        (100, "", Verdict::Never, true, false),
    ];
    for (status, body, expected, operator, meta_failure) in cases {
        let judged = plain(status, body.as_bytes());
        assert_eq!(judged.verdict, expected, "{status} {body}");
        assert_eq!(
            (judged.operator, judged.meta_failure, judged.error),
            (operator, meta_failure, None),
            "{status} {body}"
        );
    }
}

#[test]
fn the_error_object_in_all_its_forms() {
    let read = |data: Value| {
        let body = json!({"error": {"code": "131009", "error_subcode": "7", "message": "short",
            "error_data": data, "fbtrace_id": "Az8or2yhqkZfEZ"}});
        plain(400, body.to_string().as_bytes()).error.unwrap()
    };
    let error = read(json!({"messaging_product": "whatsapp", "details": "long"}));
    assert_eq!((error.code, error.subcode), (131_009, Some(7)));
    assert_eq!(
        (error.message.as_str(), error.details.as_deref()),
        ("short", Some("long"))
    );
    assert_eq!(error.fbtrace_id.as_deref(), Some("Az8or2yhqkZfEZ"));
    assert_eq!(read(json!("long")).details.as_deref(), Some("long"));
    assert_eq!(
        read(json!(r#"{"details":"long"}"#)).details.as_deref(),
        Some("long")
    );
    for none in [
        json!(null),
        json!({}),
        json!([]),
        json!({"details": 1}),
        json!(1),
    ] {
        assert_eq!(read(none).details, None);
    }
}

#[test]
fn debug_shows_neither_texts_nor_ids() {
    let body = br#"{"error":{"code":131026,"message":"hush","error_data":{"details":"hush"}}}"#;
    let refused = format!("{:?}", plain(400, body));
    assert!(
        refused.contains("131026") && !refused.contains("hush"),
        "{refused}"
    );
    let taken = format!("{:?}", plain(200, br#"{"messages":[{"id":"wamid.hush"}]}"#));
    assert!(taken.contains("Done") && !taken.contains("hush"), "{taken}");
}

proptest::proptest! {
    #[test]
    fn any_answer_is_judged(status in 0u16..1000, body: Vec<u8>, code: i64, subcode: Option<i64>) {
        plain(status, &body);
        plain(status, &error(code, subcode));
    }
}
