//! Every change is in the audit, by whom and from what to what, whatever else is away.

use serde_json::{Value, json};
use waypost_admin_tests::Plane;
use waypost_chaos::{Draft, Outbound, hasty};
use waypost_e2e::Stage;
use waypost_harness::{AppendFsync, eventually, private_postgres, private_redis};
use waypost_rpc::schema::METHODS;
use waypost_rpc::v1::Role;

use crate::SOON;

const NUMBER: &str = "200000000000001";

async fn entries(plane: &Plane) -> Vec<Value> {
    let audit = plane
        .http(Role::Admin, "GET", "/v1/audit?page_size=500", None)
        .await;
    assert_eq!(audit.status, 200, "{:?}", audit.json);
    audit.json["entries"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_method_that_changes_leaves_a_record_done_or_refused() {
    let way = Outbound::on(hasty(Stage::new().await)).await;
    let plane = Plane::on(&way.stage.services).await;
    way.post(&[Draft::new(NUMBER, "+4915000000001")]).await;
    let number = format!("/v1/numbers/{NUMBER}");
    let id = "01933b7e-5c00-7000-8000-000000000001";
    let plan = plane.http(Role::Admin, "DELETE", "/v1/queues", None).await;
    let token = plan.json["confirmationToken"].as_str().unwrap();
    let calls = [
        (
            "POST",
            "/v1/queues:pause".to_owned(),
            json!({"reason": "test"}),
        ),
        ("POST", "/v1/queues:resume".to_owned(), json!({})),
        (
            "PUT",
            format!("{number}/limit"),
            json!({"limitPerSecond": 7.5}),
        ),
        ("POST", format!("{number}:stop"), json!({"reason": "test"})),
        ("POST", format!("{number}:resume"), json!({})),
        (
            "POST",
            "/v1/dead-letters:replay".to_owned(),
            json!({"ids": [id]}),
        ),
        (
            "POST",
            "/v1/dead-letters:purge".to_owned(),
            json!({"ids": [id]}),
        ),
        (
            "POST",
            format!("/v1/messages/{id}:decide"),
            json!({"decision": "resend", "phoneNumberId": NUMBER}),
        ),
        (
            "POST",
            "/v1/messages:sendText".to_owned(),
            json!({"phoneNumberId": NUMBER, "to": "+15550001234", "text": "a secret of mine"}),
        ),
        (
            "POST",
            "/v1/realtime/tokens".to_owned(),
            json!({"numbers": [NUMBER]}),
        ),
        (
            "DELETE",
            format!("/v1/queues?confirmation_token={token}"),
            Value::Null,
        ),
    ];
    for (verb, path, body) in calls {
        let body = Some(body).filter(|body| !body.is_null());
        let reply = plane.http(Role::Admin, verb, &path, body).await;
        assert!(
            reply.status == 200 || reply.status == 409,
            "{verb} {path}: {:?}",
            reply.json
        );
    }
    let refused = plane
        .http(Role::Viewer, "POST", "/v1/queues:pause", Some(json!({})))
        .await;
    assert_eq!(refused.status, 403);
    eventually(SOON, "the refusal is noted", async || {
        entries(&plane)
            .await
            .iter()
            .any(|entry| entry["outcome"] == "refused")
    })
    .await;
    let entries = entries(&plane).await;
    for method in METHODS.iter().filter(|method| method.changes) {
        let entry = entries
            .iter()
            .find(|entry| entry["method"] == method.name.as_str());
        let entry = entry.unwrap_or_else(|| panic!("{} is not in the audit", method.name));
        assert!(
            ["done", "failed", "refused"].contains(&entry["outcome"].as_str().unwrap()),
            "{entry}"
        );
        assert_eq!(entry["address"], "127.0.0.1");
    }
    let limit = entries
        .iter()
        .find(|entry| entry["method"] == "NumberService.SetLimit")
        .unwrap();
    assert_eq!(
        (&limit["actor"], &limit["role"]),
        (&json!("ROLE_ADMIN"), &json!("admin"))
    );
    assert_eq!(limit["before"]["limitSource"], Value::Null);
    assert_eq!(limit["after"]["limitPerSecond"].as_f64(), Some(7.5));
    let all = serde_json::to_string(&entries).unwrap();
    assert!(
        !all.contains("a secret of mine") && !all.contains("15550001234") && !all.contains(token)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_read_while_redis_is_away() {
    let mut redis = private_redis(AppendFsync::EverySec).await;
    let stage = Stage::on_redis(&redis.url()).await;
    let plane = Plane::on(&stage.services).await;
    let paused = plane
        .http(Role::Admin, "POST", "/v1/queues:pause", Some(json!({})))
        .await;
    assert_eq!(paused.status, 200, "{:?}", paused.json);
    assert_eq!(entries(&plane).await.len(), 1);
    redis.kill().await.unwrap();
    assert_eq!(entries(&plane).await.len(), 1);
    let stats = plane
        .http(Role::Admin, "GET", "/v1/queues/stats", None)
        .await;
    assert_eq!(stats.status, 503, "{:?}", stats.json);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_possible_and_noted_while_postgres_is_away() {
    let mut postgres = private_postgres().await;
    let stage = Stage::on_postgres(&postgres.url()).await;
    let plane = Plane::on(&stage.services).await;
    postgres.kill().await.unwrap();
    let paused = plane
        .http(Role::Admin, "POST", "/v1/queues:pause", Some(json!({})))
        .await;
    assert_eq!(paused.status, 200, "{:?}", paused.json);
    assert!(stage.stats().await.paused);
    let audit = plane.http(Role::Admin, "GET", "/v1/audit", None).await;
    assert_eq!(audit.status, 503, "{:?}", audit.json);
    assert!(audit.headers.contains_key("retry-after"));
    postgres.restart().await.unwrap();
    eventually(SOON, "the pause is in the audit", async || {
        let audit = plane.http(Role::Admin, "GET", "/v1/audit", None).await;
        audit.status == 200 && audit.json["entries"][0]["outcome"] == "done"
    })
    .await;
}
