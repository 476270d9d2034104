//! The services as the harness starts them: a webhook through both, in this process and in processes of their own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code"
)]

use std::time::Duration;

use waypost_harness::services::{APP_SECRET, VERIFY_TOKEN};
use waypost_harness::{Client, Services, TestDatabase, database, eventually, redis};

const SOON: Duration = Duration::from_secs(20);

fn webhook(wamid: &str) -> String {
    format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"1","changes":[{{"field":"messages","value":{{
        "messaging_product":"whatsapp","metadata":{{"display_phone_number":"1","phone_number_id":"2"}},
        "contacts":[{{"profile":{{"name":"A"}},"wa_id":"15550001"}}],
        "messages":[{{"from":"15550001","id":"{wamid}","timestamp":"1764000000","type":"text","text":{{"body":"hi"}}}}]}}}}]}}]}}"#
    )
}

async fn arrives(client: &Client, database: &TestDatabase, wamid: &str) {
    assert_eq!(client.post(webhook(wamid)).await.unwrap(), 200);
    let count = format!("SELECT count(*) FROM messages WHERE wamid = '{wamid}'");
    eventually(SOON, "the webhook becomes a row", async || {
        database.count(&count).await == 1
    })
    .await;
}

#[tokio::test]
async fn a_webhook_passes_through_services_in_this_process() {
    let (redis, database) = (redis().await, database().await);
    let services = Services::on(&redis, &database);
    let (ingress, worker) = (services.ingress().await, services.worker().await);
    arrives(&ingress.client(), &database, "wamid.in").await;

    let stranger = Client::new(ingress.address(), "another secret");
    assert_eq!(stranger.post(webhook("wamid.no")).await.unwrap(), 401);
    let handshake =
        format!("/webhook?hub.mode=subscribe&hub.challenge=42&hub.verify_token={VERIFY_TOKEN}");
    let reply = ingress.client().get(&handshake).await.unwrap();
    assert_eq!((reply.status, &reply.body[..]), (200, &b"42"[..]));
    ingress.stop().await;
    worker.stop().await;
}

#[tokio::test]
async fn a_webhook_passes_through_processes_that_can_be_killed() {
    let (redis, database) = (redis().await, database().await);
    let services = Services::on(&redis, &database);
    let (ingress, mut worker) = (
        services.ingress_process().await,
        services.worker_process().await,
    );
    arrives(&ingress.client(), &database, "wamid.1").await;
    assert!(ingress.process.is_ready().await);
    worker.kill9().await;
    let successor = services.worker_process().await;
    arrives(&ingress.client(), &database, "wamid.2").await;
    assert!(
        !ingress.process.log().contains(APP_SECRET),
        "the secret is in the log"
    );
    ingress.stop().await;
    successor.stop().await;
}
