//! Every verdict, and where it takes the message.

use bytes::{Bytes, BytesMut};
use uuid::Uuid;
use waypost_model::{OnUnknown, Priority, Recipient};
use waypost_queue::Outgoing;
use waypost_settings::MapLookup;
use waypost_telemetry::metrics::label::AttemptClass;

use super::*;
use crate::call::Called;
use crate::understand::{understand, word};

fn settings() -> DispatcherSettings {
    crate::Config::from_lookup(&MapLookup::default())
        .unwrap()
        .dispatcher
}

fn outgoing() -> Outgoing {
    Outgoing {
        id: Uuid::now_v7(),
        accepted_at: SystemTime::now(),
        request_id: Uuid::now_v7(),
        traceparent: String::new(),
        phone_number_id: "1".to_owned(),
        account: String::new(),
        recipient: Recipient::Phone("49".to_owned()),
        kind: "text".to_owned(),
        priority: Priority::Normal,
        on_unknown: OnUnknown::Fail,
        send_at: None,
        expires_at: None,
        callback_data: None,
        key_name: "test".to_owned(),
        by_link: false,
        body: Bytes::from_static(b"{}"),
    }
}

fn answer(status: u16, body: &str) -> Called {
    Called::Answered {
        status,
        retry_after: None,
        body: BytesMut::from(body),
        whole: true,
    }
}

fn error(status: u16, code: i64) -> Called {
    let body = format!(r#"{{"error":{{"code":{code},"message":"m","error_subcode":7}}}}"#);
    answer(status, &body)
}

struct Ended {
    decided: Decided,
    progress: Progress,
    signal: Signal,
    told: Fact,
}

fn ended_after(progress: &Progress, cause: Cause, called: Called) -> Ended {
    let judged = understand(called, &outgoing());
    let mut progress = progress.clone();
    let mut told = Fact::change(Uuid::nil(), "1", SendState::Sent);
    describe(&mut told, &judged);
    let decided = decide(&settings(), cause, &judged, &mut progress, &told);
    Ended {
        decided,
        progress,
        signal: judged.signal,
        told,
    }
}

fn ended(called: Called) -> Ended {
    ended_after(&Progress::default(), Cause::Send, called)
}

fn spent(attempts: u32) -> Progress {
    Progress {
        attempts,
        made: attempts,
        ..Progress::default()
    }
}

#[test]
fn what_meta_took_is_sent() {
    let end = ended(answer(200, r#"{"messages":[{"id":"wamid.A"}]}"#));
    assert!(matches!(end.decided.how, How::Done));
    assert_eq!(end.decided.state, SendState::Sent);
    assert_eq!(end.signal, Signal::Success);
    assert_eq!(end.told.wamid.as_deref(), Some("wamid.A"));
    assert_eq!(
        (end.told.verdict.as_str(), end.told.http_status),
        ("done", Some(200))
    );
    assert_eq!(end.progress.attempts, 0);

    let marked = ended(answer(200, r#"{"success":true}"#));
    assert!(matches!(marked.decided.how, How::Done));
    assert_eq!(marked.decided.state, SendState::Sent);
    assert_eq!(marked.told.wamid, None);
}

#[test]
fn what_may_pass_is_tried_again_until_the_attempts_are_spent() {
    let end = ended(error(500, 131_016));
    let How::Later { delay, .. } = end.decided.how else {
        panic!("{:?}", end.decided.how);
    };
    assert!(delay <= Duration::from_secs(1));
    assert_eq!(end.decided.next, Some(delay));
    assert_eq!(end.decided.state, SendState::Retrying);
    assert_eq!((end.signal, end.progress.attempts), (Signal::Failure, 1));
    assert_eq!(
        (end.told.error_code, end.told.error_subcode),
        (Some(131_016), Some(7))
    );

    let last = ended_after(&spent(4), Cause::Send, error(500, 131_016));
    assert_eq!(last.decided.class, Some(DeadClass::Exhausted));
    assert_eq!(last.decided.state, SendState::Dead);
    assert_eq!(last.progress.attempts, 5);
}

#[test]
fn a_code_that_seldom_gets_better_has_fewer_attempts() {
    let second = ended_after(&spent(1), Cause::Send, error(500, 131_000));
    assert!(matches!(second.decided.how, How::Later { .. }));
    let third = ended_after(&spent(2), Cause::Send, error(500, 131_000));
    assert_eq!(third.decided.class, Some(DeadClass::Exhausted));
}

#[test]
fn what_was_never_sent_is_tried_again_and_tells_the_breaker() {
    let end = ended(Called::NotSent("connection refused".to_owned()));
    assert!(matches!(end.decided.how, How::Later { .. }));
    assert_eq!((end.signal, end.progress.attempts), (Signal::Failure, 1));
    assert!(!end.progress.unknown);
    assert_eq!(end.told.http_status, None);
    assert_eq!(
        end.told.error_message.as_deref(),
        Some("connection refused")
    );
}

#[test]
fn a_probe_that_finds_meta_unwell_spends_no_attempt() {
    let away = Called::NotSent("connection refused".to_owned());
    let end = ended_after(&spent(4), Cause::Probe, away);
    assert!(matches!(end.decided.how, How::Later { .. }));
    assert_eq!(end.progress.attempts, 4);
    // But an outcome that nobody knows is one.
    let silent = Called::Unknown("no answer in time".to_owned());
    let end = ended_after(&spent(1), Cause::Probe, silent);
    assert_eq!(end.progress.attempts, 2);
}

#[test]
fn nobody_knows_what_came_of_silence() {
    for called in [
        Called::Unknown("no answer in time".to_owned()),
        answer(502, "<html>Bad Gateway</html>"),
        answer(200, r#"{"messages":[{"id":"wam"#),
    ] {
        let end = ended(called);
        let How::Park { wait, .. } = end.decided.how else {
            panic!("{:?}", end.decided.how);
        };
        assert_eq!(wait, Some(Duration::from_secs(30)));
        assert_eq!(end.decided.next, wait);
        assert_eq!(end.decided.state, SendState::Unknown);
        assert_eq!((end.signal, end.progress.attempts), (Signal::Failure, 1));
        assert!(end.progress.unknown);
    }
}

#[test]
fn a_refusal_ends_it_and_is_no_failure_of_meta() {
    let end = ended(error(400, 131_047));
    assert_eq!(end.decided.class, Some(DeadClass::Rejected));
    assert_eq!((end.signal, end.progress.attempts), (Signal::Success, 0));
    let How::Bury { reason, .. } = end.decided.how else {
        panic!("{:?}", end.decided.how);
    };
    assert_eq!(reason, "131047: m");
}

#[test]
fn a_refusal_whose_reason_was_cut_off_does_not_end_it() {
    let cut = |status, body: &str| Called::Answered {
        status,
        retry_after: None,
        body: BytesMut::from(body),
        whole: false,
    };
    let end = ended(cut(400, r#"{"error":{"code":1310"#));
    assert!(matches!(end.decided.how, How::Later { .. }));
    assert_eq!((end.signal, end.progress.attempts), (Signal::Success, 1));
    // What came of it says all that is needed, or says nothing.
    let end = ended(cut(200, r#"{"messages":[{"id":"#));
    assert!(matches!(end.decided.how, How::Park { .. }));
    let end = ended(cut(429, ""));
    assert!(matches!(end.decided.slow, Some(Slow::Number { .. })));
}

#[test]
fn a_bad_token_stops_the_number_and_costs_the_message_nothing() {
    let end = ended_after(&spent(4), Cause::Send, error(401, 190));
    assert!(matches!(end.decided.how, How::Later { delay, .. } if delay.is_zero()));
    assert_eq!(end.decided.stop.as_deref(), Some("190: m"));
    assert_eq!((end.signal, end.progress.attempts), (Signal::Success, 4));
    assert_eq!(end.told.verdict, "stop_number");
}

#[test]
fn limits_spend_no_attempt_and_slow_down_their_scope() {
    let pair = ended_after(&spent(4), Cause::Send, error(400, 131_056));
    assert_eq!(
        pair.decided.slow,
        Some(Slow::Pair {
            wait: Duration::from_secs(1)
        })
    );
    assert_eq!((pair.progress.attempts, pair.progress.slowed), (4, 1));
    let third = Progress {
        slowed: 2,
        ..Progress::default()
    };
    let pair = ended_after(&third, Cause::Send, error(400, 131_056));
    let wait = Duration::from_secs(16);
    assert_eq!(pair.decided.slow, Some(Slow::Pair { wait }));
    assert!(matches!(pair.decided.how, How::Later { delay, .. } if delay == wait));

    for (called, slow) in [
        (error(400, 130_429), Slow::Number { after: None }),
        (answer(429, "busy"), Slow::Number { after: None }),
        (error(400, 80_007), Slow::Account { after: None }),
        (error(400, 4), Slow::App { after: None }),
    ] {
        let end = ended_after(&spent(4), Cause::Send, called);
        assert_eq!(end.decided.slow, Some(slow));
        assert!(matches!(end.decided.how, How::Later { delay, .. } if delay <= STEP_ASIDE));
        assert_eq!((end.signal, end.progress.attempts), (Signal::Success, 4));
        assert_eq!(end.decided.state, SendState::Retrying);
    }
}

#[test]
fn meta_may_ask_for_a_longer_wait() {
    let after = Some(Duration::from_secs(120));
    let called = |status, code: i64| Called::Answered {
        status,
        retry_after: after,
        body: BytesMut::from(format!(r#"{{"error":{{"code":{code}}}}}"#).as_str()),
        whole: true,
    };
    let again = ended(called(500, 2));
    assert!(
        matches!(again.decided.how, How::Later { delay, .. } if delay == Duration::from_secs(120))
    );
    let slow = ended(called(400, 130_429));
    assert_eq!(slow.decided.slow, Some(Slow::Number { after }));
}

#[test]
fn each_verdict_has_its_word() {
    let words: Vec<&str> = [
        answer(200, r#"{"success":true}"#),
        error(500, 2),
        error(400, 4),
        error(400, 131_047),
        error(401, 190),
        Called::Unknown(String::new()),
    ]
    .into_iter()
    .map(|called| word(&understand(called, &outgoing()).judgement.verdict))
    .collect();
    assert_eq!(
        words,
        [
            "done",
            "retry",
            "slow_down",
            "never",
            "stop_number",
            "unknown"
        ]
    );
    let classes: Vec<&str> = AttemptClass::ALL
        .iter()
        .map(|class| class.as_str())
        .collect();
    assert_eq!(words, classes, "metrics have the same");
}
