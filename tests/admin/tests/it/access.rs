//! Who may: by every route, and however often somebody tries.

use serde_json::json;
use waypost_admin_tests::Plane;
use waypost_e2e::Stage;
use waypost_rpc::schema::METHODS;
use waypost_rpc::v1::{GetStatsRequest, PauseRequest, Role};

const ID: &str = "01933b7e-5c00-7000-8000-000000000001";

/// A path with something in place of each field.
fn filled(path: &str) -> String {
    path.replace("{id}", ID)
        .replace("{contact_id}", ID)
        .replace("{phone_number_id}", "106540352242922")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_changes_nothing_by_any_route() {
    let stage = Stage::new().await;
    let plane = Plane::on(&stage.services).await;
    let before = stage.stats().await;
    let mut tried = 0;
    for method in METHODS.iter().filter(|method| method.changes) {
        for route in &method.routes {
            let body = (route.verb != "DELETE").then(|| json!({}));
            let reply = plane
                .http(Role::Viewer, &route.verb, &filled(&route.path), body)
                .await;
            assert_eq!(
                reply.status, 403,
                "{} {}: {:?}",
                route.verb, route.path, reply.json
            );
            assert_eq!(reply.json["status"], 403);
            tried += 1;
        }
    }
    assert!(tried >= 12, "{tried} routes");
    let mut viewer = plane.as_role(Role::Viewer).await;
    let refused = viewer
        .queues
        .pause(PauseRequest::default())
        .await
        .unwrap_err();
    assert_eq!(refused.code(), tonic::Code::PermissionDenied);
    let after = stage.stats().await;
    assert_eq!((before.paused, after.paused), (false, false));
    assert!(
        viewer
            .queues
            .get_stats(GetStatsRequest::default())
            .await
            .is_ok()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_in_without_a_token_and_what_needs_none_is_open() {
    let stage = Stage::new().await;
    let plane = Plane::on(&stage.services).await;
    for method in METHODS.iter() {
        for route in &method.routes {
            let body = matches!(route.verb.as_str(), "POST" | "PUT").then(|| json!({}));
            let reply = plane
                .http_with(None, &route.verb, &filled(&route.path), body)
                .await;
            assert!(
                reply.status == 401 || reply.status == 429,
                "{} {}: {}",
                route.verb,
                route.path,
                reply.status
            );
        }
    }
    for open in ["/", "/openapi.json"] {
        assert_eq!(
            plane.http_with(None, "GET", open, None).await.status,
            200,
            "{open}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_wrong_tokens_in_a_row_are_slowed_and_a_good_one_is_not() {
    let stage = Stage::new().await;
    let plane = Plane::on(&stage.services).await;
    let stats = "/api/queue-monitor/stats";
    let mut statuses = Vec::new();
    for i in 0..30 {
        let wrong = format!("wpk_wrong_{i}");
        statuses.push(plane.http_with(Some(&wrong), "GET", stats, None).await);
    }
    assert_eq!(statuses[0].status, 401);
    let slowed: Vec<_> = statuses
        .iter()
        .filter(|reply| reply.status == 429)
        .collect();
    assert!(slowed.len() >= 15, "{} of 30 were slowed", slowed.len());
    for reply in &slowed {
        let after = reply.headers["retry-after"].to_str().unwrap();
        assert!(after.parse::<u64>().unwrap() >= 1, "{after}");
    }
    assert_eq!(statuses.last().unwrap().status, 429);
    assert_eq!(
        plane.http(Role::Viewer, "GET", stats, None).await.status,
        200
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_wrote_is_for_operators() {
    let stage = Stage::new().await;
    let plane = Plane::on(&stage.services).await;
    let path = "/v1/messages?include_payload=true";
    let refused = plane.http(Role::Viewer, "GET", path, None).await;
    assert_eq!(
        (refused.status, &refused.json["reason"]),
        (403, &json!("PAYLOAD_NEEDS_OPERATOR"))
    );
    assert_eq!(
        plane.http(Role::Operator, "GET", path, None).await.status,
        200
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_who_watch_health_do_not_shut_out_anybody() {
    let stage = Stage::new().await;
    let plane = Plane::on(&stage.services).await;
    let mut watches = Vec::new();
    let mut refused = 0;
    for _ in 0..100 {
        match plane.watch_health().await {
            Ok(watch) => watches.push(watch),
            Err(status) => {
                assert_eq!(status.code(), tonic::Code::ResourceExhausted);
                refused += 1;
            }
        }
    }
    assert!(
        refused > 0 && watches.len() >= 10,
        "{refused} refused, {} watch",
        watches.len()
    );
    assert!(plane.check_health().await.is_ok());
    let stats = plane
        .http(Role::Viewer, "GET", "/v1/queues/stats", None)
        .await;
    assert_eq!(stats.status, 200);
}
