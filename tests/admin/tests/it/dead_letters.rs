//! Dead letters: found by what they are, replayed once and at the rate asked for, purged after a word.

use std::time::{Duration, Instant};

use serde_json::json;
use waypost_admin_tests::Plane;
use waypost_chaos::{Draft, Outbound, hasty};
use waypost_e2e::Stage;
use waypost_harness::eventually;
use waypost_rpc::v1::{
    DeadLetterFilter, DeadLetterServiceListRequest, PurgeRequest, ReplayRequest, Role,
};
use waypost_sandbox::graph::{Effect, Fault, Filter};

use crate::SOON;

const NUMBERS: [&str; 2] = ["200000000000001", "200000000000002"];

/// A number of messages that Meta refuses for good, and the plane to look at them.
async fn graveyard(messages: usize) -> (Outbound, Plane, Vec<waypost_harness::services::Spawned>) {
    let way = Outbound::on(hasty(Stage::new().await)).await;
    let plane = Plane::on(&way.stage.services).await;
    way.graph
        .set_faults(vec![Fault::when(Filter::default(), Effect::code(131_026))]);
    let running = vec![
        way.stage.services.worker_process().await,
        way.stage.services.dispatcher_process().await,
    ];
    let drafts: Vec<_> = (0..messages)
        .map(|i| Draft::new(NUMBERS[i % 2], &format!("+4915{i:08}")))
        .collect();
    way.post(&drafts).await;
    way.settled(Duration::from_secs(60)).await;
    assert_eq!(way.outbox.stats().await.unwrap().dead, messages as u64);
    (way, plane, running)
}

#[tokio::test(flavor = "multi_thread")]
async fn they_are_listed_page_by_page_and_shown_with_what_went_wrong() {
    let (_way, plane, _running) = graveyard(25).await;
    let mut viewer = plane.as_role(Role::Viewer).await;
    let mut seen = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = DeadLetterServiceListRequest {
            page_size: 4,
            page_token,
            filter: Some(DeadLetterFilter {
                phone_number_id: NUMBERS[0].to_owned(),
                ..DeadLetterFilter::default()
            }),
        };
        let page = viewer.dead.list(request).await.unwrap().into_inner();
        assert_eq!(page.total_dead, 25);
        seen.extend(page.dead_letters.into_iter().map(|letter| letter.id));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(seen.len(), 13);
    seen.dedup();
    assert_eq!(seen.len(), 13);
    let shown = plane
        .http(
            Role::Viewer,
            "GET",
            &format!("/v1/dead-letters/{}", seen[0]),
            None,
        )
        .await;
    assert_eq!(
        shown.json["deadLetter"]["class"], "rejected",
        "{:?}",
        shown.json
    );
    let error = &shown.json["errors"][0]["error"];
    assert_eq!(error["code"], 131_026);
    assert!(!error["explanation"].as_str().unwrap().is_empty());
    let none = plane
        .http(
            Role::Viewer,
            "GET",
            "/v1/dead-letters?filter.errorCode=4",
            None,
        )
        .await;
    assert_eq!(none.json["deadLetters"], json!([]), "{:?}", none.json);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_is_replayed_once_and_no_faster_than_asked_for() {
    let (way, plane, _running) = graveyard(12).await;
    let mut operator = plane.as_role(Role::Operator).await;
    let all = Some(DeadLetterFilter::default());
    let nothing_named = operator
        .dead
        .replay(ReplayRequest::default())
        .await
        .unwrap_err();
    assert_eq!(nothing_named.code(), tonic::Code::InvalidArgument);
    let dry = ReplayRequest {
        filter: all.clone(),
        dry_run: true,
        ..ReplayRequest::default()
    };
    assert_eq!(
        operator
            .dead
            .replay(dry)
            .await
            .unwrap()
            .into_inner()
            .replayed,
        12
    );
    assert_eq!(way.outbox.stats().await.unwrap().dead, 12);

    // Meta still refuses: they die again, and are not met a second time by the same call.
    let again = ReplayRequest {
        filter: all.clone(),
        ..ReplayRequest::default()
    };
    assert_eq!(
        operator
            .dead
            .replay(again.clone())
            .await
            .unwrap()
            .into_inner()
            .replayed,
        12
    );
    way.settled(Duration::from_secs(60)).await;
    assert_eq!(way.outbox.stats().await.unwrap().dead, 12);

    way.graph.set_faults(Vec::new());
    let began = Instant::now();
    let slowly = ReplayRequest {
        rate_per_second: 10.0,
        ..again
    };
    assert_eq!(
        operator
            .dead
            .replay(slowly)
            .await
            .unwrap()
            .into_inner()
            .replayed,
        12
    );
    assert!(
        began.elapsed() >= Duration::from_millis(1_050),
        "{:?}",
        began.elapsed()
    );
    way.settled(Duration::from_secs(60)).await;
    assert_eq!(way.graph.accepted_count(), 12);
    let stats = way.outbox.stats().await.unwrap();
    assert_eq!((stats.dead, stats.failed, stats.completed), (0, 0, 12));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_leaves_a_slow_replay_ends_it() {
    let (way, plane, _running) = graveyard(10).await;
    let mut operator = plane.as_role(Role::Operator).await;
    let slowly = ReplayRequest {
        filter: Some(DeadLetterFilter::default()),
        rate_per_second: 1.0,
        ..ReplayRequest::default()
    };
    let left =
        tokio::time::timeout(Duration::from_millis(1_500), operator.dead.replay(slowly)).await;
    assert!(
        left.is_err(),
        "ten at one a second are not done in a moment"
    );
    eventually(SOON, "its end is in the audit", async || {
        let audit = plane
            .http(
                Role::Admin,
                "GET",
                "/v1/audit?method=DeadLetterService.Replay",
                None,
            )
            .await;
        audit.json["entries"][0]["after"]["callerLeft"] == true
    })
    .await;
    way.settled(Duration::from_secs(60)).await;
    let dead = way.outbox.stats().await.unwrap().dead;
    assert_eq!(dead, 10, "Meta still refuses all");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_are_purged_only_after_a_word_and_only_by_an_admin() {
    let (way, plane, _running) = graveyard(9).await;
    let all = Some(DeadLetterFilter::default());
    let purge = PurgeRequest {
        filter: all,
        ..PurgeRequest::default()
    };
    let mut operator = plane.as_role(Role::Operator).await;
    let refused = operator.dead.purge(purge.clone()).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::PermissionDenied);
    let body = json!({"filter": {}});
    let first = plane
        .http(Role::Admin, "POST", "/v1/dead-letters:purge", Some(body))
        .await;
    assert_eq!(
        (first.status, &first.json["wouldPurge"]),
        (409, &json!(9)),
        "{:?}",
        first.json
    );
    let confirmed = PurgeRequest {
        confirmation_token: first.json["confirmationToken"].as_str().unwrap().to_owned(),
        ..purge
    };
    let mut admin = plane.as_role(Role::Admin).await;
    assert_eq!(
        admin
            .dead
            .purge(confirmed)
            .await
            .unwrap()
            .into_inner()
            .purged,
        9
    );
    assert_eq!(way.outbox.stats().await.unwrap().dead, 0);
}
