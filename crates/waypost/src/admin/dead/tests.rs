use waypost_rpc::v1::{
    AttemptFailure, DeadLetter, DeadLetterServiceGetResponse, DeadLetterServiceListResponse,
    ErrorDetail, Queue,
};

use super::{list, show};
use crate::admin::text::golden::{clock, look};

fn failure(attempt: u32) -> AttemptFailure {
    AttemptFailure {
        attempt,
        at: clock("21:10:00"),
        verdict: "retry".to_owned(),
        error: Some(ErrorDetail {
            code: 131_000,
            http_status: 500,
            message: "Something went wrong".to_owned(),
            explanation: "Meta has trouble of its own; trying again usually helps.".to_owned(),
            ..ErrorDetail::default()
        }),
    }
}

fn letter() -> DeadLetter {
    DeadLetter {
        id: "01933b7e-5c00-7000-8000-000000000001".to_owned(),
        queue: Queue::Message.into(),
        class: "exhausted".to_owned(),
        reason: "all attempts failed".to_owned(),
        accepted_at: clock("20:00:00"),
        dead_at: clock("21:10:00"),
        attempts: 12,
        request_id: "01933b7e-5c00-7000-8000-00000000000a".to_owned(),
        phone_number_id: "106540352242922".to_owned(),
        r#type: "text".to_owned(),
        priority: "high".to_owned(),
        replays: 1,
        first_error: Some(failure(1)),
        last_error: Some(failure(12)),
        payload_bytes: 134,
    }
}

#[test]
fn a_list_says_why_below_each() {
    let webhook = DeadLetter {
        id: "01933b7e-5c00-7000-8000-000000000002".to_owned(),
        queue: Queue::Webhook.into(),
        class: "malformed".to_owned(),
        reason: "no JSON".to_owned(),
        dead_at: clock("21:15:00"),
        attempts: 1,
        ..DeadLetter::default()
    };
    let answer = DeadLetterServiceListResponse {
        dead_letters: vec![letter(), webhook],
        next_page_token: "b2Zm".to_owned(),
        total_dead: 1_234,
    };
    insta::assert_snapshot!(list::view(&answer, &look(Some(80))));
    let none = DeadLetterServiceListResponse::default();
    assert_eq!(list::view(&none, &look(None)), "No dead letters.\n");
}

#[test]
fn one_is_shown_with_all_its_errors() {
    let answer = DeadLetterServiceGetResponse {
        dead_letter: Some(letter()),
        errors: vec![failure(1), failure(12)],
        payload: r#"{"type":"text"}"#.to_owned(),
    };
    insta::assert_snapshot!(show::view(&answer, &look(Some(80))));
}
