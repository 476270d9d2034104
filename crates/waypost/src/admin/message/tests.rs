use waypost_rpc::v1::{
    Direction, ErrorDetail, Message, MessageServiceGetResponse, TimelineEvent, TimelineKind,
};

use super::list::table;
use super::story::{state, tell};
use crate::admin::text::golden::{clock, look};

fn event(at: &str, kind: TimelineKind, summary: &str) -> TimelineEvent {
    TimelineEvent {
        at: clock(at),
        kind: kind.into(),
        summary: summary.to_owned(),
        ..TimelineEvent::default()
    }
}

fn outbound(state: &str, attempts: u32) -> Message {
    Message {
        id: "01933b7e-5c00-7000-8000-000000000001".to_owned(),
        direction: Direction::Out.into(),
        origin: "live".to_owned(),
        phone_number_id: "106540352242922".to_owned(),
        account_id: "102290129340398".to_owned(),
        contact_id: "01933b7e-5c00-7000-8000-00000000000c".to_owned(),
        contact_name: "Ada Lovelace".to_owned(),
        person_phone: "15550001234".to_owned(),
        r#type: "text".to_owned(),
        state: state.to_owned(),
        attempts,
        priority: "normal".to_owned(),
        accepted_at: clock("21:03:07.412"),
        on_unknown: "wait".to_owned(),
        key_name: "backend".to_owned(),
        request_id: "01933b7e-5c00-7000-8000-00000000000a".to_owned(),
        trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".to_owned(),
        ..Message::default()
    }
}

#[test]
fn the_story_of_one_that_has_not_left_says_why() {
    let pushed_back = TimelineEvent {
        attempt: 1,
        verdict: "slow_down".to_owned(),
        latency_ms: Some(212.4),
        next_attempt_at: clock("21:03:14.000"),
        error: Some(ErrorDetail {
            code: 131_056,
            http_status: 400,
            message: "(#131056) (Business Account, Consumer Account) pair rate limit hit"
                .to_owned(),
            explanation:
                "Too many messages to this person in a short time; Meta takes one each 6 s."
                    .to_owned(),
            fbtrace_id: "AbCdEf123".to_owned(),
            ..ErrorDetail::default()
        }),
        ..event(
            "21:03:07.980",
            TimelineKind::Attempt,
            "attempt 1: too fast for Meta; waits, and costs no attempt",
        )
    };
    let timeout = TimelineEvent {
        attempt: 2,
        verdict: "retry".to_owned(),
        latency_ms: Some(15_000.0),
        next_attempt_at: clock("21:15:32.500"),
        error: Some(ErrorDetail {
            message: "no answer within 15 s".to_owned(),
            ..ErrorDetail::default()
        }),
        ..event("21:03:29.100", TimelineKind::Attempt, "")
    };
    let answer = MessageServiceGetResponse {
        message: Some(outbound("retrying", 2)),
        timeline: vec![
            event(
                "21:03:07.412",
                TimelineKind::Accepted,
                "accepted: text, priority normal, key backend",
            ),
            pushed_back,
            timeout,
            event(
                "21:15:20.000",
                TimelineKind::Now,
                "sending is paused by ops for 3 min 20 s (Meta is down); 12 messages of its number are waiting or under way",
            ),
        ],
    };
    insta::assert_snapshot!(tell(&answer, &look(None)));
}

#[test]
fn the_story_of_one_that_was_given_up_says_what_to_do() {
    let answer = MessageServiceGetResponse {
        message: Some(Message {
            state_class: "rejected".to_owned(),
            payload: r#"{"text":{"body":"hi\u001b[2J"}}"#.to_owned(),
            ..outbound("dead", 1)
        }),
        timeline: vec![
            event("21:03:07.412", TimelineKind::Accepted, ""),
            TimelineEvent {
                attempt: 1,
                verdict: "never".to_owned(),
                latency_ms: Some(80.0),
                error: Some(ErrorDetail {
                    code: 131_009,
                    subcode: 2_494_010,
                    http_status: 400,
                    message: "Parameter value is not valid".to_owned(),
                    ..ErrorDetail::default()
                }),
                ..event("21:03:07.500", TimelineKind::Attempt, "")
            },
            event(
                "21:03:07.501",
                TimelineKind::Dead,
                "given up: refused by Meta",
            ),
        ],
    };
    insta::assert_snapshot!(tell(&answer, &look(Some(80))));
}

#[test]
fn the_story_of_one_that_was_read_goes_over_days() {
    let mut message = Message {
        status: "read".to_owned(),
        wamid: "wamid.HBgLMTU1NTAwMDEyMzQ".to_owned(),
        ..outbound("sent", 1)
    };
    message.accepted_at = Some(crate::admin::text::golden::at("2026-11-23T23:59:59.9Z"));
    let accepted = TimelineEvent {
        at: message.accepted_at,
        ..event("00:00:00", TimelineKind::Accepted, "")
    };
    let done = TimelineEvent {
        attempt: 1,
        verdict: "done".to_owned(),
        latency_ms: Some(180.0),
        ..event("00:00:00.120", TimelineKind::Attempt, "")
    };
    let answer = MessageServiceGetResponse {
        message: Some(message),
        timeline: vec![
            accepted,
            done,
            event("00:00:01", TimelineKind::Sent, "Meta has it"),
            event("00:00:02.5", TimelineKind::Delivered, ""),
            event("09:30:00", TimelineKind::Read, ""),
        ],
    };
    insta::assert_snapshot!(tell(&answer, &look(Some(80))));
}

#[test]
fn the_story_of_one_that_came_in() {
    let message = Message {
        direction: Direction::In.into(),
        duplicate_of: "wamid.first".to_owned(),
        state: String::new(),
        on_unknown: String::new(),
        key_name: String::new(),
        priority: String::new(),
        ..outbound("", 0)
    };
    let answer = MessageServiceGetResponse {
        message: Some(message),
        timeline: vec![
            event("21:03:07.412", TimelineKind::Received, ""),
            event(
                "21:03:07.420",
                TimelineKind::Deduplicated,
                "the same text from the same person within five seconds",
            ),
            event("21:03:07.431", TimelineKind::Persisted, ""),
            TimelineEvent {
                event_id: "1764018187431-0".to_owned(),
                ..event("21:03:07.433", TimelineKind::Event, "")
            },
        ],
    };
    insta::assert_snapshot!(tell(&answer, &look(Some(80))));
}

#[test]
fn a_story_that_is_not_over_ends_now() {
    let answer = MessageServiceGetResponse {
        message: Some(outbound("unknown", 1)),
        timeline: vec![event("21:03:07.412", TimelineKind::Accepted, "")],
    };
    let text = tell(&answer, &look(None));
    assert!(text.contains("+12 min 12 s"), "{text}");
    assert!(text.contains("decide 01933b7e-5c00-7000-8000-000000000001 --resend"));
}

#[test]
fn states_are_told_in_words() {
    let told = |state_word: &str, class: &str, status: &str, code: i64| {
        state(&Message {
            state: state_word.to_owned(),
            state_class: class.to_owned(),
            status: status.to_owned(),
            error_code: code,
            attempts: 2,
            ..Message::default()
        })
    };
    for (given, words) in [
        (told("accepted", "", "", 0), "accepted"),
        (told("retrying", "", "", 0), "retrying after 2 attempts"),
        (
            told("dead", "expired", "", 0),
            "dead (expired) after 2 attempts",
        ),
        (told("sent", "", "", 0), "sent"),
        (told("sent", "", "sent", 0), "sent"),
        (told("sent", "", "read", 0), "sent and read"),
        (
            told("sent", "", "failed", 131_026),
            "sent, then failed with Meta's error 131026",
        ),
        (told("", "", "", 0), "received"),
        (told("", "", "delivered", 0), "delivered"),
    ] {
        assert_eq!(given, words);
    }
}

#[test]
fn a_list_has_a_line_each() {
    let sent = Message {
        status: "failed".to_owned(),
        error_code: 131_026,
        contact_name: String::new(),
        ..outbound("sent", 1)
    };
    let mut inbound = outbound("", 0);
    inbound.direction = Direction::In.into();
    let messages = [outbound("retrying", 2), sent, inbound];
    insta::assert_snapshot!(table(&messages, &look(None)));
    assert_eq!(table(&[], &look(None)), "No messages.\n");
}
