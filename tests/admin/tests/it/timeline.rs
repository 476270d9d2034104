//! A message's timeline answers the operator's question: what happened to it, and why has it not left.

use std::time::Duration;

use serde_json::{Value, json};
use waypost_admin_tests::Plane;
use waypost_chaos::{Draft, Outbound, hasty};
use waypost_e2e::Stage;
use waypost_e2e::webhook::{NOON, messages, text};
use waypost_harness::eventually;
use waypost_rpc::v1::Role;
use waypost_sandbox::graph::{Effect, Fault, Filter};

use crate::SOON;

const NUMBER: &str = "200000000000001";

fn kinds(told: &Value) -> Vec<&str> {
    let timeline = told["timeline"].as_array().unwrap();
    timeline
        .iter()
        .map(|event| event["kind"].as_str().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sent_message_tells_each_attempt_and_each_tick() {
    let way = Outbound::on(hasty(Stage::new().await)).await;
    let plane = Plane::on(&way.stage.services).await;
    let once = Filter {
        nth: Some(1),
        ..Filter::default()
    };
    way.graph
        .set_faults(vec![Fault::when(once, Effect::code(131_016))]);
    let _running = [
        way.stage.services.worker_process().await,
        way.stage.services.dispatcher_process().await,
    ];
    let posted = way.post(&[Draft::new(NUMBER, "+4915000000001")]).await;
    way.settled(Duration::from_secs(60)).await;
    let path = format!("/v1/messages/{}", posted[0].id);
    let told = plane.http(Role::Viewer, "GET", &path, None).await.json;
    let kinds = kinds(&told);
    assert_eq!(
        kinds.iter().filter(|kind| **kind == "attempt").count(),
        2,
        "{told}"
    );
    for kind in [
        "accepted",
        "persisted",
        "event",
        "sent",
        "delivered",
        "read",
    ] {
        assert!(kinds.contains(&kind), "no {kind} in {kinds:?}");
    }
    let timeline = told["timeline"].as_array().unwrap();
    let failed = timeline
        .iter()
        .find(|event| event["kind"] == "attempt")
        .unwrap();
    assert_eq!(
        (&failed["verdict"], &failed["error"]["code"]),
        (&json!("retry"), &json!(131_016))
    );
    assert!(!failed["error"]["explanation"].as_str().unwrap().is_empty());
    assert!(failed["latencyMs"].as_f64().unwrap() > 0.0);
    let times: Vec<_> = timeline
        .iter()
        .map(|event| event["at"].as_str().unwrap())
        .collect();
    assert!(
        times.windows(2).all(|pair| pair[0][..19] <= pair[1][..19]),
        "{times:?}"
    );
    // The text itself is for operators.
    assert_eq!(told["message"]["payload"], "");
    let shown = plane
        .http(
            Role::Operator,
            "GET",
            &format!("{path}?include_payload=true"),
            None,
        )
        .await;
    assert!(
        shown.json["message"]["payload"]
            .as_str()
            .unwrap()
            .contains("parcel")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_has_not_left_says_why() {
    let way = Outbound::on(hasty(Stage::new().await)).await;
    let plane = Plane::on(&way.stage.services).await;
    let _worker = way.stage.services.worker_process().await;
    let stop = json!({"reason": "under review"});
    let posted = way.post(&[Draft::new(NUMBER, "+4915000000001")]).await;
    let stopped = plane
        .http(
            Role::Operator,
            "POST",
            &format!("/v1/numbers/{NUMBER}:stop"),
            Some(stop),
        )
        .await;
    assert_eq!(stopped.status, 200, "{:?}", stopped.json);
    let path = format!("/v1/messages/{}", posted[0].id);
    eventually(SOON, "it is in the history", async || {
        plane.http(Role::Viewer, "GET", &path, None).await.status == 200
    })
    .await;
    let told = plane.http(Role::Viewer, "GET", &path, None).await.json;
    let why = told["timeline"].as_array().unwrap().last().unwrap();
    assert_eq!(why["kind"], "now");
    let summary = why["summary"].as_str().unwrap();
    assert!(
        summary.contains("its number is stopped") && summary.contains("under review"),
        "{summary}"
    );
    assert!(summary.contains("no dispatcher is running"), "{summary}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inbound_message_tells_when_it_came_and_when_it_was_told() {
    let stage = Stage::new().await;
    let plane = Plane::on(&stage.services).await;
    let ingress = stage.services.ingress().await;
    let _worker = stage.services.worker().await;
    let body = messages(&[text("wamid.in", Some("15550001111"), None, NOON, "hello")]);
    assert_eq!(ingress.client().post(body).await.unwrap(), 200);
    stage.drained(SOON).await;
    let found = plane
        .http(
            Role::Viewer,
            "GET",
            "/v1/messages?direction=in&person_phone=15550001111",
            None,
        )
        .await;
    assert_eq!(
        found.json["messages"].as_array().unwrap().len(),
        1,
        "{:?}",
        found.json
    );
    let message = &found.json["messages"][0];
    let told = plane
        .http(
            Role::Viewer,
            "GET",
            &format!("/v1/messages/{}", message["id"].as_str().unwrap()),
            None,
        )
        .await
        .json;
    assert_eq!(kinds(&told), ["received", "persisted", "event"], "{told}");
    let conversation = format!(
        "/v1/conversations/{}/messages",
        message["contactId"].as_str().unwrap()
    );
    let said = plane.http(Role::Viewer, "GET", &conversation, None).await;
    assert_eq!(said.json["messages"][0]["id"], message["id"]);
    let none = plane
        .http(
            Role::Viewer,
            "GET",
            "/v1/messages/01933b7e-5c00-7000-8000-000000000001",
            None,
        )
        .await;
    assert_eq!(none.status, 404);
}
