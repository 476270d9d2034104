//! What is told when something is wrong.

use serde_json::json;

use super::*;

#[tokio::test]
async fn a_problem_says_what_and_which() {
    let id = "01933b7e-5c00-7000-8000-000000000001";
    let told = get(&format!("/v1/dead-letters/{id}")).await;
    assert_eq!(told.status, StatusCode::NOT_FOUND);
    assert_eq!(told.header("content-type"), "application/problem+json");
    let request_id = told.header("x-request-id");
    assert_eq!(
        told.value,
        json!({
            "type": "urn:waypost:problem:not-found",
            "title": "Not found",
            "status": 404,
            "detail": id,
            "instance": format!("urn:uuid:{request_id}"),
            "code": "not_found",
            "requestId": request_id,
        })
    );
}

#[tokio::test]
async fn who_has_no_token_is_told_first() {
    for (verb, target, body) in [
        ("GET", "/v1/queues/stats", ""),
        ("GET", "/v1/queues/stats:watch", ""),
        ("GET", "/v1/audit?nonsense=1", ""),
        ("POST", "/v1/dead-letters:replay", "{"),
    ] {
        let mut request = request(verb, target, body);
        request.headers_mut().remove(AUTHORIZATION);
        let told = send(request).await;
        assert_eq!(told.status, StatusCode::UNAUTHORIZED, "{target}");
        assert_eq!(told.header("www-authenticate"), "Bearer");
        assert_eq!(told.value["code"], json!("unauthenticated"));
        assert_eq!(told.value["detail"], json!("who are you?"));
    }
}

#[tokio::test]
async fn what_is_to_be_confirmed_comes_with_its_plan() {
    let told = ask("DELETE", "/v1/queues", "").await;
    assert_eq!(told.status, StatusCode::CONFLICT);
    assert_eq!(told.value["reason"], json!("CONFIRMATION_REQUIRED"));
    assert_eq!(told.value["confirmationToken"], json!("yes"));
    assert_eq!(told.value["wouldClear"]["messages"], json!(3));
    assert_eq!(told.value["detail"], json!("look at the plan"));
}

#[tokio::test]
async fn what_will_pass_says_when() {
    let told = ask("POST", "/v1/queues:resume", "{}").await;
    assert_eq!(told.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(told.header("retry-after"), "3");
    assert_eq!(told.value["reason"], json!("REDIS_UNAVAILABLE"));
    assert_eq!(told.value["metadata"], json!({"a": "b"}));
}

#[tokio::test]
async fn rules_of_the_services_are_told_by_field() {
    let told = ask("POST", "/v1/queues:pause", r#"{"phoneNumberId": "abc"}"#).await;
    assert_eq!(told.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        told.value["errors"],
        json!([{"field": "phone_number_id", "detail": "must match [0-9]{1,32}"}])
    );
    let told = get("/v1/dead-letters/not%20an%20id").await;
    assert_eq!(told.fields(), ["id"]);
}

#[tokio::test]
async fn what_http_is_about_has_its_status() {
    let told = ask("POST", "/v1/dead-letters:purge", "{}").await;
    assert_eq!(told.status, StatusCode::NOT_IMPLEMENTED);
    let told = ask("PATCH", "/v1/audit", "{}").await;
    assert_eq!(told.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(told.header("allow"), "GET, HEAD");
    let large = format!("{{\"reason\": \"{}\"}}", "x".repeat(1 << 20));
    let told = ask("POST", "/v1/queues:pause", &large).await;
    assert_eq!(told.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn only_json_is_read() {
    for (kind, taken) in [
        ("application/json", true),
        ("Application/JSON; charset=UTF-8", true),
        ("application/vnd.any+json", true),
        ("application/json; charset=latin1", false),
        ("application/x-www-form-urlencoded", false),
        ("text/json", false),
        ("", false),
    ] {
        let mut request = request("POST", "/v1/queues:pause", "{}");
        let value = HeaderValue::from_static(kind);
        request.headers_mut().insert(CONTENT_TYPE, value);
        let status = send(request).await.status;
        assert_eq!(status == StatusCode::OK, taken, "{kind}");
        assert!(taken || status == StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    let mut untyped = request("POST", "/v1/queues:pause", "{}");
    untyped.headers_mut().remove(CONTENT_TYPE);
    let told = send(untyped).await;
    assert_eq!(told.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}
