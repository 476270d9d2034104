//! Clear removes what its dry run said, or says what has changed.

use std::time::Duration;

use waypost_admin_tests::Plane;
use waypost_chaos::{Draft, Outbound, hasty};
use waypost_e2e::Stage;
use waypost_e2e::webhook::{NOON, messages, text};
use waypost_harness::eventually;
use waypost_rpc::v1::{ClearRequest, Queue, Role};

use crate::SOON;

const CLEAR: &str = "/api/queue-monitor/clear";

#[tokio::test(flavor = "multi_thread")]
async fn nothing_goes_without_its_confirmation_and_what_came_later_stays() {
    let stage = Stage::new().await;
    let plane = Plane::on(&stage.services).await;
    let ingress = stage.services.ingress().await;
    let client = ingress.client();
    for i in 0..20 {
        let body = messages(&[text(
            &format!("wamid.{i}"),
            Some("15550001111"),
            None,
            NOON,
            "hello",
        )]);
        assert_eq!(client.post(body).await.unwrap(), 200);
    }
    let dry = plane
        .http(
            Role::Admin,
            "DELETE",
            &format!("{CLEAR}?dry_run=true"),
            None,
        )
        .await;
    assert_eq!(dry.status, 200, "{:?}", dry.json);
    assert_eq!(dry.json["plan"]["wouldClear"]["webhooksWaiting"], 20);
    assert_eq!(stage.stats().await.waiting, 20);

    let first = plane.http(Role::Admin, "DELETE", CLEAR, None).await;
    assert_eq!(first.status, 409, "{:?}", first.json);
    assert_eq!(first.json["wouldClear"]["webhooksWaiting"], 20);
    let token = first.json["confirmationToken"].as_str().unwrap();
    assert_eq!(stage.stats().await.waiting, 20);

    // One more: it is no part of the plan. And a token is good for what it was given out for alone.
    tokio::time::sleep(Duration::from_millis(5)).await;
    let late = messages(&[text(
        "wamid.late",
        Some("15550001111"),
        None,
        NOON,
        "and me?",
    )]);
    assert_eq!(client.post(late).await.unwrap(), 200);
    let other = format!("{CLEAR}?queue=message&confirmation_token={token}");
    assert_eq!(
        plane.http(Role::Admin, "DELETE", &other, None).await.json["reason"],
        "CONFIRMATION_REFUSED"
    );
    let forged = format!("{CLEAR}?confirmation_token={}x", token);
    assert_eq!(
        plane.http(Role::Admin, "DELETE", &forged, None).await.json["reason"],
        "CONFIRMATION_REFUSED"
    );

    let audit = plane
        .http(
            Role::Admin,
            "GET",
            "/v1/audit?method=QueueService.Clear",
            None,
        )
        .await;
    let entries = audit.json["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 2, "{entries:?}");
    assert!(
        entries.iter().all(|entry| entry["outcome"] == "refused"),
        "{entries:?}"
    );

    let path = format!("{CLEAR}?confirmation_token={token}");
    let second = plane.http(Role::Admin, "DELETE", &path, None).await;
    assert_eq!(second.status, 200, "{:?}", second.json);
    assert_eq!(second.json["cleared"]["webhooksWaiting"], 20);
    assert_eq!(second.json["difference"], "");
    assert_eq!(stage.stats().await.waiting, 1);
    let _worker = stage.services.worker().await;
    stage.drained(SOON).await;
    assert_eq!(stage.count("SELECT count(*) FROM messages").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clear_whose_caller_leaves_is_made_to_its_end_and_noted() {
    let way = Outbound::on(hasty(Stage::new().await)).await;
    let plane = Plane::on(&way.stage.services).await;
    let drafts: Vec<_> = (0..3_000)
        .map(|i| Draft::new("200000000000001", &format!("+4915{:08}", i % 500)))
        .collect();
    way.post(&drafts).await;
    let first = plane.http(Role::Admin, "DELETE", CLEAR, None).await;
    assert_eq!(first.json["wouldClear"]["messages"], 3_000);
    let token = first.json["confirmationToken"].as_str().unwrap();
    let path = format!("{CLEAR}?confirmation_token={token}");
    tokio::select! {
        _ = plane.http(Role::Admin, "DELETE", &path, None) => {}
        // As soon as some are gone, so is the caller.
        () = eventually(SOON, "the clear has begun", async || {
            way.outbox.stats().await.unwrap().backlog < 3_000
        }) => {}
    }
    eventually(SOON, "its end is in the audit", async || {
        let audit = plane
            .http(
                Role::Admin,
                "GET",
                "/v1/audit?method=QueueService.Clear",
                None,
            )
            .await;
        let entry = &audit.json["entries"][0];
        entry["outcome"] == "done"
            && entry["after"]["cleared"]["messages"].as_f64() == Some(3_000.0)
    })
    .await;
    assert_eq!(way.outbox.stats().await.unwrap().backlog, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_leave_meanwhile_are_told_and_cleared_ones_are_in_the_history() {
    let way = Outbound::on(hasty(Stage::new().await)).await;
    let plane = Plane::on(&way.stage.services).await;
    let worker = way.stage.services.worker_process().await;
    let number = "200000000000001";
    let drafts: Vec<_> = (0..30)
        .map(|i| Draft::new(number, &format!("+4915{i:08}")))
        .collect();
    let posted = way.post(&drafts).await;
    let mut admin = plane.as_role(Role::Admin).await;
    let dry = ClearRequest {
        queue: Queue::Message.into(),
        phone_number_id: number.to_owned(),
        dry_run: true,
        ..ClearRequest::default()
    };
    let plan = admin
        .queues
        .clear(dry.clone())
        .await
        .unwrap()
        .into_inner()
        .plan
        .unwrap();
    assert_eq!(plan.would_clear.unwrap().messages, 30);

    // Some leave after the plan was made.
    let mut dispatcher = way.stage.services.dispatcher_process().await;
    eventually(SOON, "all have left", async || {
        way.graph.accepted_count() == 30
    })
    .await;
    way.settled(Duration::from_secs(60)).await;
    dispatcher.kill9().await;
    let confirmed = ClearRequest {
        dry_run: false,
        confirmation_token: plan.confirmation_token,
        ..dry.clone()
    };
    let done = admin.queues.clear(confirmed).await.unwrap().into_inner();
    assert_eq!(done.cleared.unwrap().messages, 0);
    assert!(
        done.difference.contains("30 of 30 had left"),
        "{}",
        done.difference
    );
    drop(posted);

    // And those that have not are given up, with a word about it.
    let posted = way.post(&drafts[..10]).await;
    let plan = admin
        .queues
        .clear(dry.clone())
        .await
        .unwrap()
        .into_inner()
        .plan
        .unwrap();
    let confirmed = ClearRequest {
        dry_run: false,
        confirmation_token: plan.confirmation_token,
        ..dry
    };
    let done = admin.queues.clear(confirmed).await.unwrap().into_inner();
    assert_eq!(
        (done.cleared.unwrap().messages, done.difference.as_str()),
        (10, "")
    );
    way.settled(Duration::from_secs(60)).await;
    let path = format!("/v1/messages/{}", posted[0].id);
    let told = plane.http(Role::Viewer, "GET", &path, None).await;
    assert_eq!(told.json["message"]["state"], "dead", "{:?}", told.json);
    assert_eq!(told.json["message"]["stateClass"], "cleared");
    let stats = way.outbox.stats().await.unwrap();
    assert_eq!((stats.backlog, stats.dead), (0, 0));
    let audit = plane
        .http(
            Role::Admin,
            "GET",
            "/v1/audit?method=QueueService.Clear",
            None,
        )
        .await;
    assert_eq!(
        audit.json["entries"][0]["after"]["cleared"]["messages"].as_f64(),
        Some(10.0)
    );
    worker.stop().await;
}
