//! Pause stops every consumer within a second and loses nothing; resume lets them go on.

use std::time::{Duration, Instant};

use serde_json::json;
use waypost_admin_tests::Plane;
use waypost_chaos::{Draft, Load, Outbound, hasty};
use waypost_e2e::Stage;
use waypost_e2e::webhook::{NOON, messages, text};
use waypost_harness::eventually;
use waypost_rpc::v1::{PauseRequest, Queue, ResumeRequest, Role};

use crate::SOON;

#[tokio::test(flavor = "multi_thread")]
async fn no_worker_takes_anything_a_second_after_the_pause() {
    let stage = Stage::new().await;
    let plane = Plane::on(&stage.services).await;
    let ingress = stage.services.ingress_process().await;
    let _workers = [
        stage.services.worker_process().await,
        stage.services.worker_process().await,
    ];
    let load = Load::start(&stage.inbox, vec![ingress.client()]);
    eventually(SOON, "workers are at work", async || {
        stage.stats().await.completed > 100
    })
    .await;

    let reply = plane
        .http(
            Role::Admin,
            "POST",
            "/api/queue-monitor/pause",
            Some(json!({"queue": "webhook"})),
        )
        .await;
    assert_eq!(
        (reply.status, &reply.json["changed"]),
        (200, &json!(true)),
        "{:?}",
        reply.json
    );
    let paused_at = Instant::now();
    eventually(
        Duration::from_secs(5),
        "what was under way has ended",
        async || stage.stats().await.active == 0,
    )
    .await;
    let quiet = paused_at.elapsed();
    assert!(quiet < Duration::from_secs(1), "it took {quiet:?}");
    let at_rest = stage.stats().await;
    // The load waits for the queue to get shorter, which it does not; others go on, and are taken.
    for i in 0..60 {
        let body = messages(&[text(
            &format!("wamid.{i}"),
            Some("15550001111"),
            None,
            NOON,
            "hello",
        )]);
        assert_eq!(ingress.client().post(body).await.unwrap(), 200);
    }
    let later = stage.stats().await;
    assert!(later.waiting >= at_rest.waiting + 60, "{later:?}");
    assert_eq!((later.completed, later.active), (at_rest.completed, 0));

    let mut admin = plane.as_role(Role::Admin).await;
    let resumed = admin
        .queues
        .resume(ResumeRequest::default())
        .await
        .unwrap()
        .into_inner();
    assert!(resumed.changed && resumed.paused.is_empty());
    let mut sent = load.stop().await;
    sent.messages.extend((0..60).map(|i| format!("wamid.{i}")));
    stage.drained(Duration::from_secs(60)).await;
    sent.is_there_exactly_once(&stage).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_nobody_knows_is_a_slip_and_is_not_made() {
    let stage = Stage::new().await;
    let plane = Plane::on(&stage.services).await;
    for path in ["/v1/queues:pause", "/v1/queues:resume"] {
        let slip = Some(json!({"phone_number_id": "999"}));
        assert_eq!(
            plane.http(Role::Admin, "POST", path, slip).await.status,
            404,
            "{path}"
        );
    }
    let numbers = plane.http(Role::Viewer, "GET", "/v1/numbers", None).await;
    assert_eq!(numbers.json["numbers"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_number_holds_back_no_other() {
    let way = Outbound::on(hasty(Stage::new().await)).await;
    let plane = Plane::on(&way.stage.services).await;
    let _worker = way.stage.services.worker_process().await;
    let mut admin = plane.as_role(Role::Admin).await;
    let (still, free) = ("200000000000001", "200000000000002");
    let drafts: Vec<_> = (0..40)
        .map(|i| Draft::new([still, free][i % 2], &format!("+4915{i:08}")))
        .collect();
    way.post(&drafts).await;
    let pause = PauseRequest {
        queue: Queue::Message.into(),
        phone_number_id: still.to_owned(),
        reason: "the shop is closed".to_owned(),
    };
    admin.queues.pause(pause).await.unwrap();
    let _dispatcher = way.stage.services.dispatcher_process().await;
    eventually(SOON, "the other number has sent", async || {
        way.graph.accepted_count() == 20
    })
    .await;
    let numbers = plane.http(Role::Viewer, "GET", "/v1/numbers", None).await;
    let of = |id: &str| {
        let numbers = numbers.json["numbers"].as_array().unwrap();
        numbers
            .iter()
            .find(|number| number["phoneNumberId"] == id)
            .unwrap()
            .clone()
    };
    assert_eq!(of(still)["backlog"], 20);
    assert_eq!(of(still)["paused"]["reason"], "the shop is closed");
    assert_eq!(of(free).get("paused"), None);
    let resume = ResumeRequest {
        queue: Queue::Message.into(),
        phone_number_id: still.to_owned(),
    };
    admin.queues.resume(resume).await.unwrap();
    way.settled(Duration::from_secs(60)).await;
    assert_eq!(way.graph.accepted_count(), 40);
}
