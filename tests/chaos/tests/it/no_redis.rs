//! Redis stopped: refused with 503, or spooled; started again: all heals by itself.

use futures_util::future::join_all;
use waypost_e2e::Stage;
use waypost_e2e::webhook::{NOON, messages, text};
use waypost_harness::services::APP_SECRET;
use waypost_harness::{AppendFsync, Client, eventually, private_redis};

use crate::HEALED;

fn body(wamid: &str) -> bytes::Bytes {
    messages(&[text(wamid, Some("15551000001"), None, NOON, wamid)])
}

async fn post(client: &Client, wamid: &str) -> waypost_harness::Reply {
    let body = body(wamid);
    let signature = waypost_whatsapp::signature::sign(APP_SECRET.as_bytes(), &body);
    let headers = [("x-hub-signature-256", signature.as_str())];
    client.post_with(body, &headers).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_or_spooled_and_healed_with_no_restart_of_ours() {
    let mut redis = private_redis(AppendFsync::EverySec).await;
    let stage = Stage::on_redis(&redis.url()).await;
    let folder = tempfile::tempdir().unwrap();
    let spooling = stage.services.clone().with(
        "spool.dir",
        folder.path().join("spool").display().to_string(),
    );
    let plain = stage.services.ingress_process().await;
    let spooling = spooling.ingress_process().await;
    let worker = stage.services.worker_process().await;
    let ours = [&plain.process, &spooling.process, &worker.process];
    let pids = ours.map(|process| process.pid());
    assert_eq!(post(&plain.client(), "wamid.BEFORE").await.status, 200);

    redis.stop().await.unwrap();
    let refused = post(&plain.client(), "wamid.REFUSED").await;
    assert_eq!(refused.status, 503);
    let after = refused.headers[http::header::RETRY_AFTER].to_str().unwrap();
    assert!(after.parse::<u32>().unwrap() > 0, "{after}");
    let spooled: Vec<String> = (0..30).map(|n| format!("wamid.SPOOLED{n}")).collect();
    let client = spooling.client();
    let posts = join_all(spooled.iter().map(|wamid| post(&client, wamid))).await;
    assert!(posts.iter().all(|reply| reply.status == 200));

    redis.restart().await.unwrap();
    for (ingress, wamid) in [(&plain, "wamid.PLAIN"), (&spooling, "wamid.SPOOLING")] {
        eventually(HEALED, "webhooks are taken again", async || {
            post(&ingress.client(), wamid).await.status == 200
        })
        .await;
    }
    let all = "SELECT count(*) FROM messages WHERE wamid IN ('wamid.BEFORE', 'wamid.PLAIN', 'wamid.SPOOLING') OR wamid LIKE 'wamid.SPOOLED%'";
    let expected = 3 + spooled.len() as i64;
    eventually(HEALED, "the spool has become rows", async || {
        stage.count(all).await == expected
    })
    .await;
    stage.drained(HEALED).await;

    // What was refused may come again, and only then is it there.
    assert_eq!(stage.count("SELECT count(*) FROM messages").await, expected);
    assert_eq!(post(&plain.client(), "wamid.REFUSED").await.status, 200);
    stage.drained(HEALED).await;
    assert_eq!(
        stage.count("SELECT count(*) FROM messages").await,
        expected + 1
    );
    assert_eq!(stage.summary().await.failed, 0);
    assert_eq!(ours.map(|process| process.pid()), pids);
    for process in ours {
        eventually(HEALED, "all are ready", async || process.is_ready().await).await;
    }
}
