//! Batches: an answer for each message, in order.

use serde_json::{Value, json};
use waypost_queue::Outgoing;

use crate::local_redis::LocalRedis;
use crate::sender::{NUMBER, facts, ready, text};

fn results(body: &Value) -> &Vec<Value> {
    body["results"].as_array().expect("results")
}

fn body_of(outgoing: &Outgoing) -> String {
    let body: Value = serde_json::from_slice(&outgoing.body).unwrap();
    body["text"]["body"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_thousand_are_taken_in_their_order_and_one_more_is_not() {
    let redis = LocalRedis::start().await;
    let (service, sender, _file) = ready(&redis, &[]).await;
    let messages: Vec<Value> = (0..1_000)
        .map(|n| {
            let mut message = text(&n.to_string());
            message["to"] = format!("+4917012345{:02}", n % 7).into();
            message
        })
        .collect();
    let reply = sender.batch(&json!({ "messages": messages }), &[]).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let results = results(&reply.body);
    assert_eq!(results.len(), 1_000);
    assert!(results.iter().all(|result| result["state"] == "accepted"));
    let facts = facts(&redis).await;
    let ids: Vec<_> = facts
        .iter()
        .map(|o| Value::from(o.id.to_string()))
        .collect();
    assert!(results.iter().map(|result| &result["id"]).eq(&ids));
    let bodies: Vec<_> = facts.iter().map(body_of).collect();
    assert!(
        bodies
            .iter()
            .enumerate()
            .all(|(n, body)| *body == n.to_string())
    );

    let more: Vec<Value> = messages.into_iter().chain([text("one too many")]).collect();
    let reply = sender.batch(&json!({ "messages": more }), &[]).await;
    assert_eq!(reply.status, 422);
    assert_eq!(reply.pointers(), ["/messages"]);
    service.stop().await.unwrap();
}

#[tokio::test]
async fn a_bad_one_costs_no_neighbour() {
    let redis = LocalRedis::start().await;
    let (service, sender, _file) = ready(&redis, &[]).await;
    let bad = json!({ "from": NUMBER, "to": "1", "text": {} });
    let reply = sender
        .batch(&json!([text("1"), bad, 7, text("2"), {}]), &[])
        .await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let results = results(&reply.body);
    let request = reply.header("x-request-id").unwrap();
    for (index, result) in results.iter().enumerate() {
        if [0, 3].contains(&index) {
            assert_eq!(result["state"], "accepted");
        } else {
            assert_eq!(result["problem"]["status"], 422, "{result}");
            let instance = format!("urn:uuid:{request}#{index}");
            assert_eq!(result["problem"]["instance"], instance);
        }
    }
    let problem = &results[1]["problem"];
    assert!(
        problem["errors"].to_string().contains("/text/body"),
        "{problem}"
    );
    let bodies: Vec<_> = facts(&redis).await.iter().map(body_of).collect();
    assert_eq!(bodies, ["1", "2"]);
    service.stop().await.unwrap();
}

#[tokio::test]
async fn one_key_for_the_batch_is_one_for_each_message() {
    let redis = LocalRedis::start().await;
    let (service, sender, _file) = ready(&redis, &[]).await;
    let once = [("idempotency-key", "night-1")];
    let bad = json!({ "from": NUMBER });
    let first = sender
        .batch(&json!([text("1"), bad, text("3")]), &once)
        .await;
    // The bad one is mended, the others are as they were.
    let again = sender
        .batch(&json!([text("1"), text("2"), text("3")]), &once)
        .await;
    let other = sender
        .batch(&json!([text("1"), text("2"), text("changed")]), &once)
        .await;
    let (first, again) = (results(&first.body), results(&again.body));
    assert_eq!(first[0]["id"], again[0]["id"]);
    assert_eq!(first[2]["id"], again[2]["id"]);
    assert_eq!(again[1]["state"], "accepted");
    assert_eq!(results(&other.body)[2]["problem"]["status"], 409);
    let bodies: Vec<_> = facts(&redis).await.iter().map(body_of).collect();
    assert_eq!(bodies, ["1", "3", "2"]);
    service.stop().await.unwrap();
}

#[tokio::test]
async fn what_is_no_list_of_messages_is_refused_whole() {
    let redis = LocalRedis::start().await;
    let (service, sender, _file) = ready(&redis, &[]).await;
    for (body, pointer) in [
        (json!({}), ""),
        (json!([]), ""),
        (json!(1), ""),
        (json!({ "messages": [] }), "/messages"),
        (json!({ "messages": {} }), "/messages"),
        (json!({ "messages": [text("1")], "from": NUMBER }), ""),
    ] {
        let reply = sender.batch(&body, &[]).await;
        assert_eq!(
            (reply.status, reply.pointers()),
            (422, vec![pointer]),
            "{body}"
        );
    }
    service.stop().await.unwrap();
}
