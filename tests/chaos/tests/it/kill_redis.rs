//! Kill -9 of a Redis that flushes before every answer.

use waypost_chaos::{Load, Weather};
use waypost_e2e::Stage;
use waypost_harness::{AppendFsync, eventually, private_redis};

use crate::HEALED;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_200_is_there_and_nothing_of_ours_is_restarted() {
    let mut redis = private_redis(AppendFsync::Always).await;
    let stage = Stage::on_redis(&redis.url()).await;
    let ingress = stage.services.ingress_process().await;
    let worker = stage.services.worker_process().await;
    let pids = (ingress.process.pid(), worker.process.pid());
    let load = Load::start(&stage.inbox, vec![ingress.client()]);
    let mut weather = Weather::new();
    for _ in 0..6 {
        let before = load.accepted();
        eventually(HEALED, "webhooks are taken again", async || {
            load.accepted() > before + 20
        })
        .await;
        weather.pass(0, 500).await;
        redis.kill().await.unwrap();
        weather.pass(0, 400).await;
        redis.restart().await.unwrap();
    }
    let refused = load.refused();
    let sent = load.stop().await;
    stage.drained(HEALED).await;

    sent.is_there_exactly_once(&stage).await;
    sent.was_told(&stage).await;
    assert!(refused > 0, "nobody noticed that Redis was gone");
    assert_eq!((ingress.process.pid(), worker.process.pid()), pids);
    eventually(HEALED, "both are ready", async || {
        ingress.process.is_ready().await && worker.process.is_ready().await
    })
    .await;
}
