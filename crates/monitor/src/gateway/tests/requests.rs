//! How requests become messages.

use serde_json::json;

use super::*;

#[tokio::test]
async fn stats_are_those_of_the_replaced_service_and_more() {
    for path in ["/v1/queues/stats", "/api/queue-monitor/stats"] {
        let told = get(path).await;
        assert_eq!(told.status, StatusCode::OK);
        assert_eq!(told.value["webhook"]["waiting"], json!(5));
        assert_eq!(told.value["webhook"]["failed"], json!(0));
        assert_eq!(told.value["numbers"], json!([]));
        assert_eq!(told.value.get("message"), None);
    }
    let told = get("/v1/queues/stats?include_numbers=true").await;
    assert_eq!(told.value["numbers"][0]["breaker"], json!("unspecified"));
}

#[tokio::test]
async fn every_answer_says_who_asked_and_is_kept_by_nobody() {
    for target in ["/v1/queues/stats", "/v1/nowhere"] {
        let told = get(target).await;
        assert_eq!(told.header("cache-control"), "no-store");
        assert_eq!(told.header("x-content-type-options"), "nosniff");
        assert_eq!(told.header("x-request-id").len(), 36);
    }
    let told = get("/v1/queues/stats").await;
    assert_eq!(told.header("content-type"), "application/json");
    assert_eq!(told.header("x-waypost-role"), "admin");
    // The guard has let this one pass too.
    let told = ask("POST", "/v1/queues:resume", "").await;
    assert_eq!(told.header("x-waypost-role"), "admin");
}

#[tokio::test]
async fn services_know_the_id_of_the_request() {
    let id = RequestId::new();
    let mut request = request("GET", "/v1/audit", "");
    request.extensions_mut().insert(id);
    let told = send(request).await;
    assert_eq!(told.header("x-request-id"), id.to_string());
    assert_eq!(told.value["entries"][0]["error"], json!(id.to_string()));
    assert_eq!(told.value["entries"][0]["requestId"], json!(id.to_string()));
}

#[tokio::test]
async fn queries_are_read_by_either_name_and_decoded() {
    for target in [
        "/v1/audit?page_size=20&actor=Ann%20%26+Co&since=2026-01-31T08:00:00%2B01:00",
        "/v1/audit?pageSize=2e1&actor=Ann+%26%20Co&since=2026-01-31T07:00:00.0Z",
    ] {
        let told = get(target).await;
        assert_eq!(told.status, StatusCode::OK, "{told:?}");
        let entry = &told.value["entries"][0];
        assert_eq!(entry["id"], json!("20"));
        assert_eq!(entry["actor"], json!("Ann & Co"));
        assert_eq!(entry["at"], json!("2026-01-31T07:00:00Z"));
        assert_eq!(entry["role"], json!("admin"));
    }
}

#[tokio::test]
async fn fields_of_a_filter_are_parameters_with_a_dot() {
    let target = "/v1/dead-letters?filter.queue=message&filter.class=expired&filter.errorCode=-7\
                  &filter.since=2026-01-31T07:00:00Z";
    let told = get(target).await;
    assert_eq!(told.status, StatusCode::OK, "{told:?}");
    let letter = &told.value["deadLetters"][0];
    assert_eq!(letter["queue"], json!("message"));
    assert_eq!(letter["class"], json!("expired"));
    assert_eq!(letter["id"], json!("-7"));
    assert_eq!(letter["deadAt"], json!("2026-01-31T07:00:00Z"));
}

#[tokio::test]
async fn parameters_that_do_not_fit_are_refused_by_name() {
    for (query, field) in [
        ("pagesize=1", "pagesize"),
        ("page_size=", "page_size"),
        ("page_size=+1", "page_size"),
        ("page_size=-1", "page_size"),
        ("page_size=1.5", "page_size"),
        ("page_size=4294967296", "page_size"),
        ("page_size=501", "page_size"),
        ("page_size=1&pageSize=1", "page_size"),
        ("actor=a&actor=b", "actor"),
        ("actor=a%00b", "actor"),
        ("since=yesterday", "since"),
        ("since=", "since"),
        ("since=2026-02-30T00:00:00Z", "since"),
        ("since=1969-01-01T00:00:00Z", "since"),
        ("since.seconds=5", "since.seconds"),
        ("actor.x=1", "actor.x"),
    ] {
        let told = get(&format!("/v1/audit?{query}")).await;
        assert_eq!(told.status, StatusCode::BAD_REQUEST, "{query}");
        assert_eq!(told.fields(), [field], "{query}");
    }
    for (query, field) in [
        ("filter=x", "filter"),
        ("filter.queue=", "filter.queue"),
        ("filter.queue=1", "filter.queue"),
        ("filter.queue=WEBHOOK", "filter.queue"),
        ("filter.class=", "filter.class"),
        ("filter.class=A", "filter.class"),
        ("filter.other=1", "filter.other"),
        (
            "filter.error_code=99999999999999999999",
            "filter.error_code",
        ),
    ] {
        let told = get(&format!("/v1/dead-letters?{query}")).await;
        assert_eq!(told.status, StatusCode::BAD_REQUEST, "{query}");
        assert_eq!(told.fields(), [field], "{query}");
    }
    let told = get("/v1/queues/stats?include_numbers=1&include_consumers=TRUE").await;
    assert_eq!(told.fields(), ["include_consumers", "include_numbers"]);
}

#[tokio::test]
async fn bodies_are_read_by_either_name() {
    let ids = "01933b7e-5c00-7000-8000-000000000001";
    for filter in [r#"{"errorCode": 7}"#, r#"{"error_code": 7.0}"#] {
        let body = format!(r#"{{"ids": ["{ids}"], "filter": {filter}}}"#);
        let told = ask("POST", "/v1/dead-letters:replay", &body).await;
        assert_eq!(
            told.value,
            json!({"dryRun": true, "replayed": 7, "notFound": [ids]})
        );
    }
    for queue in ["webhook", "QUEUE_WEBHOOK"] {
        let body = json!({ "queue": queue }).to_string();
        let told = ask("POST", "/v1/queues:pause", &body).await;
        assert_eq!(told.value, json!({"paused": ["webhook"], "changed": true}));
    }
}

#[tokio::test]
async fn no_body_is_an_empty_one() {
    let told = ask("POST", "/v1/queues:pause", "").await;
    assert_eq!(told.value["paused"], json!(["unspecified"]));
    // Whatever it claims to be.
    let mut empty = request("POST", "/api/queue-monitor/pause", "");
    let kind = HeaderValue::from_static("text/plain");
    empty.headers_mut().insert(CONTENT_TYPE, kind);
    assert_eq!(send(empty).await.status, StatusCode::OK);
}

#[tokio::test]
async fn bodies_that_do_not_fit_are_refused_by_name() {
    for (body, field) in [
        ("null", ""),
        ("[]", ""),
        ("7", ""),
        (r#"{"idds": []}"#, "idds"),
        (r#"{"ids": "a"}"#, "ids"),
        (r#"{"ids": [null]}"#, "ids"),
        (r#"{"ids": ["x"]}"#, "ids"),
        (r#"{"ids": [""]}"#, "ids"),
        (r#"{"ids": null}"#, "ids"),
        (r#"{"dryRun": "true"}"#, "dry_run"),
        (r#"{"dryRun": true, "dry_run": false}"#, "dry_run"),
        (r#"{"ratePerSecond": "5"}"#, "rate_per_second"),
        (r#"{"ratePerSecond": -1}"#, "rate_per_second"),
        (r#"{"filter": []}"#, "filter"),
        (r#"{"filter": {"queue": 1}}"#, "filter.queue"),
        (r#"{"filter": {"errorCode": "7"}}"#, "filter.error_code"),
        (r#"{"filter": {"errorCode": 0.5}}"#, "filter.error_code"),
        (r#"{"filter": {"since": 5}}"#, "filter.since"),
        (
            r#"{"filter": {"phoneNumberId": ""}}"#,
            "filter.phone_number_id",
        ),
    ] {
        let told = ask("POST", "/v1/dead-letters:replay", body).await;
        assert_eq!(told.status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(told.fields(), [field], "{body}");
    }
    for body in [
        "{",
        "{} {}",
        "{'a': 1}",
        "\u{feff}{}",
        "{\"ids\": [\"\\ud800\"]}",
    ] {
        let told = ask("POST", "/v1/dead-letters:replay", body).await;
        assert_eq!(told.status, StatusCode::BAD_REQUEST, "{body}");
    }
}

#[tokio::test]
async fn a_post_takes_nothing_from_its_query() {
    let told = ask("POST", "/v1/queues:pause?queue=fact", "").await;
    assert_eq!(told.status, StatusCode::BAD_REQUEST);
    assert_eq!(told.fields(), ["queue"]);
}

#[tokio::test]
async fn a_delete_takes_query_or_body_and_no_field_from_both() {
    let token = r#"{"confirmationToken": "yes"}"#;
    for (target, body) in [
        ("/v1/queues?phone_number_id=1&confirmation_token=yes", ""),
        ("/v1/queues?phone_number_id=1", token),
        (
            "/api/queue-monitor/clear",
            r#"{"phone_number_id": "1", "confirmation_token": "yes"}"#,
        ),
    ] {
        let told = ask("DELETE", target, body).await;
        assert_eq!(told.value["difference"], json!("1"), "{target}");
    }
    let told = ask("DELETE", "/v1/queues?confirmation_token=no", token).await;
    assert_eq!(told.status, StatusCode::BAD_REQUEST);
    assert_eq!(told.fields(), ["confirmation_token"]);
    // A variable that was not set must not clear everything.
    let told = ask("DELETE", "/v1/queues?phone_number_id=", token).await;
    assert_eq!(told.fields(), ["phone_number_id"]);
}
