//! Bodies that are signed well and are bad in every way we can think of. Each is taken, none ends a process, none costs
//! its siblings, and each leaves its row or exactly one failure.

use std::fmt::Write as _;

use bytes::Bytes;
use waypost_e2e::Stage;
use waypost_harness::Client;
use waypost_harness::services::APP_SECRET;
use waypost_whatsapp::signature::sign;

use crate::LATER;

/// What a body must leave behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leaves {
    /// This many rows, no failure.
    Rows(usize),
    /// This many rows, one failure.
    Failure(usize),
    /// This many rows and one thing more, whichever: row or failure. Where that depends on Postgres.
    Either(usize),
    /// Nothing, since nothing is in it.
    Nothing,
}

use Leaves::{Either, Failure, Nothing, Rows};

struct Case {
    name: &'static str,
    body: Vec<u8>,
    leaves: Leaves,
}

fn case(name: &'static str, body: impl Into<Vec<u8>>, leaves: Leaves) -> Case {
    Case {
        name,
        body: body.into(),
        leaves,
    }
}

/// `value.messages` of one change.
fn live(name: &str, messages: &str) -> String {
    let metadata = r#"{"display_phone_number":"15550000001","phone_number_id":"200000000000001"}"#;
    format!(
        r#"{{"object":"whatsapp_business_account","case":"{name}","entry":[{{"id":"1","changes":[{{"field":"messages","value":{{"metadata":{metadata},"messages":{messages}}}}}]}}]}}"#
    )
}

/// A bad item between two good ones.
fn between(name: &'static str, bad: &str, leaves: Leaves) -> Case {
    let good = |place: &str| {
        format!(
            r#"{{"id":"wamid.{name}.{place}","from":"15551000001","timestamp":"1795500000","type":"text","text":{{"body":"{name} {place}"}}}}"#
        )
    };
    let items = format!("[{},{bad},{}]", good("before"), good("after"));
    case(name, live(name, &items), leaves)
}

/// A message of which only `member` is strange.
fn with(name: &'static str, member: &str, leaves: Leaves) -> Case {
    let item = format!(r#"{{"id":"wamid.{name}.odd","type":"text",{member}}}"#);
    between(name, &item, leaves)
}

fn unreadable() -> Vec<Case> {
    let good = live("unreadable", "[]");
    let mut cases = vec![
        case("empty", "", Failure(0)),
        case("space", "  \r\n ", Failure(0)),
        case("prose", "hub.mode=subscribe", Failure(0)),
        case("number", "17", Failure(0)),
        case("null", "null", Failure(0)),
        case("text", r#""entry""#, Failure(0)),
        case("array", format!("[{good}]"), Failure(0)),
        case(
            "no entry",
            r#"{"object":"whatsapp_business_account"}"#,
            Failure(0),
        ),
        case("entry is an object", r#"{"entry":{}}"#, Failure(0)),
        case(
            "truncated",
            good.as_bytes()[..good.len() - 3].to_vec(),
            Failure(0),
        ),
        case("twice", format!("{good}{good}"), Failure(0)),
        case("comma", good.replace("}]}]}", "}],}]}"), Failure(0)),
        case("byte order mark", format!("\u{feff}{good}"), Failure(0)),
        case("NaN", good.replace("[]", "[NaN]"), Failure(0)),
        case("nothing in it", r#"{"object":"x","entry":[]}"#, Nothing),
    ];
    for (name, byte) in [
        ("not UTF-8", 0xff),
        ("a NUL byte", 0),
        ("a control byte", 1),
    ] {
        let mut bytes = good.clone().into_bytes();
        let at = good.find("unreadable").unwrap();
        bytes[at] = byte;
        cases.push(case(name, bytes, Failure(0)));
    }
    let utf16 = good.encode_utf16().flat_map(u16::to_le_bytes);
    cases.push(case("UTF-16", utf16.collect::<Vec<u8>>(), Failure(0)));
    cases
}

fn deep() -> Vec<Case> {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    let objects = |depth: usize| r#"{"a":"#.repeat(depth) + "1" + &"}".repeat(depth);
    vec![
        case("open brackets", "[".repeat(3_000_000), Failure(0)),
        case("deep array", nested(1_500_000), Failure(0)),
        case(
            "deep beside",
            format!(r#"{{"x":{},"entry":[]}}"#, nested(400_000)),
            Nothing,
        ),
        with(
            "DEEP.ITEM",
            &format!(r#""more":{}"#, nested(300_000)),
            Either(2),
        ),
        with(
            "DEEP.OBJECT",
            &format!(r#""text":{}"#, objects(200_000)),
            Either(2),
        ),
        case(
            "deep field",
            format!(
                r#"{{"entry":[{{"id":"1","changes":[{{"field":"account_alerts","value":{}}}]}}]}}"#,
                objects(100_000)
            ),
            Either(0),
        ),
    ]
}

fn values() -> Vec<Case> {
    let long = |bytes: usize| "x".repeat(bytes);
    // B-tree keys that cannot be compressed to the size of one.
    let mut noise = String::new();
    let mut state = 1_u64;
    while noise.len() < 40_000 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(99);
        write!(noise, "{:016x}", state ^ (state >> 29)).unwrap();
    }
    vec![
        with("NUL", r#""text":{"body":"a\u0000b"}"#, Failure(2)),
        with("SURROGATE.HIGH", r#""text":{"body":"\ud83d"}"#, Failure(2)),
        with(
            "SURROGATE.LOW",
            r#""text":{"body":"\udc4d\ud83d"}"#,
            Failure(2),
        ),
        with("SURROGATE.KEY", r#""\ud83d":1"#, Failure(2)),
        with("PAIR", r#""text":{"body":"\ud83d\udc4d"}"#, Rows(3)),
        with(
            "BACKSLASH",
            r#""text":{"body":"\\u0000 is six letters"}"#,
            Rows(3),
        ),
        with(
            "HUGE.NUMBER",
            r#""location":{"latitude":1e400000}"#,
            Failure(2),
        ),
        with(
            "TINY.NUMBER",
            r#""location":{"latitude":1e-400000}"#,
            Either(2),
        ),
        with(
            "DIGITS",
            &format!(r#""n":{}"#, "9".repeat(1_000_000)),
            Failure(2),
        ),
        with(
            "TIME.HUGE",
            r#""timestamp":"99999999999999999999999999""#,
            Rows(3),
        ),
        with("TIME.FAR", r#""timestamp":"9223372036854775807""#, Rows(3)),
        with("TIME.YEARS", r#""timestamp":"9224318015999""#, Rows(3)),
        with(
            "TIME.NEGATIVE",
            r#""timestamp":"-9223372036854775808""#,
            Rows(3),
        ),
        with("TIME.OBJECT", r#""timestamp":{}"#, Rows(3)),
        with(
            "WRONG.TYPES",
            r#""from":17,"text":"text","context":[],"errors":{}"#,
            Rows(3),
        ),
        with(
            "LONG.TEXT",
            &format!(r#""text":{{"body":"{}"}}"#, long(2_000_000)),
            Rows(3),
        ),
        with("LONG.PHONE", &format!(r#""from":"{noise}""#), Either(2)),
        with(
            "LONG.ID",
            &format!(r#""from_user_id":"US.{noise}""#),
            Either(2),
        ),
        with(
            "LONG.CONTEXT",
            &format!(r#""context":{{"id":"{noise}"}}"#),
            Rows(3),
        ),
        between(
            "LONG.WAMID",
            &format!(r#"{{"id":"{noise}","type":"text"}}"#),
            Either(2),
        ),
        between(
            "LONG.TYPE",
            &format!(r#"{{"id":"wamid.LONG.TYPE.odd","type":"{noise}"}}"#),
            Rows(3),
        ),
        between(
            "TYPE.NUMBER",
            r#"{"id":"wamid.TYPE.NUMBER.odd","type":5}"#,
            Rows(3),
        ),
        between("NULL", "null", Failure(2)),
        between("LIST", r#"[{"id":"wamid.LIST.odd"}]"#, Failure(2)),
        between("EMPTY", "{}", Failure(2)),
        between("ID.EMPTY", r#"{"id":"","type":"text"}"#, Failure(2)),
        between(
            "ID.NUMBER",
            r#"{"id":9007199254740993,"type":"text"}"#,
            Failure(2),
        ),
        between(
            "TWICE",
            r#"{"id":"wamid.TWICE.before","type":"text"}"#,
            Rows(2),
        ),
        case("messages is an object", live("an object", "{}"), Failure(0)),
        case(
            "messages is a text",
            live("a text", r#""wamid""#),
            Failure(0),
        ),
    ]
}

/// As large as it may be: 3 MiB.
fn largest() -> Case {
    let item = |body: &str| {
        format!(r#"[{{"id":"wamid.LARGEST","type":"text","text":{{"body":"{body}"}}}}]"#)
    };
    let rest = live("largest", &item("")).len();
    let body = live("largest", &item(&"y".repeat(3 * 1024 * 1024 - rest)));
    assert_eq!(body.len(), 3 * 1024 * 1024);
    case("largest", body, Rows(1))
}

/// Posts it and returns the request's id.
async fn post(client: &Client, case: &Case) -> String {
    let body = Bytes::from(case.body.clone());
    let signature = sign(APP_SECRET.as_bytes(), &body);
    let reply = client
        .post_with(body, &[("x-hub-signature-256", &signature)])
        .await
        .unwrap_or_else(|error| panic!("{}: {error:?}", case.name));
    assert_eq!(reply.status, 200, "{}", case.name);
    reply.headers["x-request-id"].to_str().unwrap().to_owned()
}

async fn by_request(stage: &Stage, tables: &str) -> std::collections::BTreeMap<String, usize> {
    let mut counts = std::collections::BTreeMap::new();
    for id in stage.texts(tables).await {
        *counts.entry(id).or_default() += 1;
    }
    counts
}

#[tokio::test(flavor = "multi_thread")]
async fn each_is_taken_and_leaves_its_row_or_one_failure() {
    let stage = Stage::new().await;
    let ingress = stage.services.ingress_process().await;
    let worker = stage.services.worker_process().await;
    let pids = (ingress.process.pid(), worker.process.pid());
    let client = ingress.client();
    let mut cases = unreadable();
    cases.extend(deep());
    cases.extend(values());
    cases.push(largest());
    let mut requests = Vec::new();
    for case in &cases {
        requests.push(post(&client, case).await);
    }
    stage.drained(LATER).await;

    let rows = "SELECT request_id::text FROM messages UNION ALL SELECT request_id::text FROM message_statuses
                UNION ALL SELECT request_id::text FROM account_events";
    let rows = by_request(&stage, rows).await;
    let failures = by_request(&stage, "SELECT request_id::text FROM failed_webhooks").await;
    let mut letters = std::collections::BTreeMap::<String, usize>::new();
    for letter in stage.dead_letters().await {
        *letters
            .entry(letter.envelope.request_id.to_string())
            .or_default() += 1;
    }
    let mut wrong = Vec::new();
    for (case, id) in cases.iter().zip(&requests) {
        let of = |counts: &std::collections::BTreeMap<String, usize>| {
            counts.get(id).copied().unwrap_or(0)
        };
        let (rows, failures, letters) = (of(&rows), of(&failures), of(&letters));
        let as_expected = match case.leaves {
            Rows(wanted) => (rows, failures) == (wanted, 0),
            Failure(wanted) => (rows, failures) == (wanted, 1),
            Either(wanted) => rows >= wanted && failures <= 1 && rows + failures == wanted + 1,
            Nothing => (rows, failures) == (0, 0),
        };
        if !as_expected || letters != failures {
            wrong.push((case.name, case.leaves, rows, failures, letters));
        }
    }
    assert!(
        wrong.is_empty(),
        "name, expected, rows, failures, dead letters: {wrong:#?}"
    );
    assert_eq!((ingress.process.pid(), worker.process.pid()), pids);
    assert!(ingress.process.is_ready().await && worker.process.is_ready().await);
    for process in [&ingress.process, &worker.process] {
        assert!(!process.log().contains("panicked"), "{}", process.log());
    }
}
