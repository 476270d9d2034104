//! Calls with many answers, and callers that leave.

use std::time::Duration;

use http::header::ACCEPT;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::canned::Leaving;
use super::*;

const DEADLINE: Duration = Duration::from_secs(10);

async fn lines(target: &str, accept: &'static str) -> (HeaderMap, Vec<Value>) {
    let mut request = request("GET", target, "");
    let accept = HeaderValue::from_static(accept);
    request.headers_mut().insert(ACCEPT, accept);
    let (parts, body) = gateway().answer(request).await.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let text = std::str::from_utf8(&bytes).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    (parts.headers, lines.collect())
}

#[tokio::test]
async fn who_accepts_lines_gets_all() {
    let accept = "application/json;q=0.5, application/x-ndjson";
    let (headers, lines) = lines("/v1/queues/stats:watch", accept).await;
    assert_eq!(lines, [json!({}), json!({})]);
    assert_eq!(headers["content-type"], "application/x-ndjson");
    assert_eq!(headers["x-waypost-role"], "admin");
    assert_eq!(headers["x-accel-buffering"], "no");
}

#[tokio::test]
async fn others_get_the_first() {
    for accept in ["*/*", "application/json", "application/x-ndjson;q=0"] {
        let (headers, lines) = lines("/v1/queues/stats:watch", accept).await;
        assert_eq!(lines, [json!({})], "{accept}");
        assert_eq!(headers["content-type"], "application/json");
    }
}

#[tokio::test]
async fn a_stream_that_breaks_says_so_in_its_last_line() {
    let target = "/v1/queues/stats:watch?interval_seconds=2";
    let (_, lines) = lines(target, "application/x-ndjson").await;
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[2]["problem"]["code"], json!("unavailable"));
    assert_eq!(lines[2]["problem"]["detail"], json!("Redis is away"));
}

#[tokio::test]
async fn what_is_wrong_before_the_first_line_has_its_status() {
    for value in ["soon", "-1"] {
        let target = format!("/v1/queues/stats:watch?interval_seconds={value}");
        let told = get(&target).await;
        assert_eq!(told.status, StatusCode::BAD_REQUEST);
        assert_eq!(told.fields(), ["interval_seconds"]);
    }
}

/// A request whose caller will leave, and what tells of the call.
fn leaving(verb: &str, target: &str) -> (Request<Full<Bytes>>, mpsc::Receiver<()>) {
    let (sender, calls) = mpsc::channel(1);
    let mut request = request(verb, target, "");
    request.extensions_mut().insert(Leaving(sender));
    (request, calls)
}

#[tokio::test]
async fn a_caller_that_leaves_ends_its_call() {
    let (request, mut calls) = leaving("POST", "/v1/dead-letters:purge");
    let gateway = gateway();
    let mut answer = Box::pin(gateway.answer(request));
    tokio::select! {
        _ = &mut answer => panic!("it has no end"),
        begun = timeout(DEADLINE, calls.recv()) => assert_eq!(begun, Ok(Some(()))),
    }
    drop(answer);
    assert_eq!(timeout(DEADLINE, calls.recv()).await, Ok(None));
}

#[tokio::test]
async fn a_caller_that_leaves_ends_its_stream() {
    let (mut request, mut calls) = leaving("GET", "/v1/queues/stats:watch");
    let accept = HeaderValue::from_static("application/x-ndjson");
    request.headers_mut().insert(ACCEPT, accept);
    let mut body = gateway().answer(request).await.into_body();
    let line = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(line, "{}\n");
    assert_eq!(calls.recv().await, Some(()));
    drop(body);
    assert_eq!(timeout(DEADLINE, calls.recv()).await, Ok(None));
}
