//! Postgres stopped under load: the worker waits, and no attempt is spent.

use std::time::Duration;

use waypost_chaos::Load;
use waypost_e2e::Stage;
use waypost_harness::{eventually, private_postgres};

use crate::HEALED;

/// How long Postgres is away. Not a wait for anything: the outage itself.
const AWAY: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn five_seconds_away_cost_time_and_nothing_else() {
    let mut postgres = private_postgres().await;
    let stage = Stage::on_postgres(&postgres.url()).await;
    let ingress = stage.services.ingress_process().await;
    let worker = stage.services.worker_process().await;
    let pids = (ingress.process.pid(), worker.process.pid());
    let load = Load::start(&stage.inbox, vec![ingress.client()]);
    let work_goes_on = async |more: u64| {
        let before = stage.stats().await.completed;
        eventually(HEALED, "webhooks are handled", async || {
            stage.stats().await.completed > before + more
        })
        .await;
    };
    work_goes_on(50).await;
    let accepted = load.accepted();
    postgres.stop().await.unwrap();
    tokio::time::sleep(AWAY).await;
    assert!(
        load.accepted() > accepted,
        "webhooks are taken without Postgres"
    );
    assert!(!worker.process.is_ready().await, "it says that it waits");
    postgres.restart().await.unwrap();
    work_goes_on(50).await;
    // And once without a chance to say goodbye, so that it has to recover.
    postgres.kill().await.unwrap();
    postgres.restart().await.unwrap();
    work_goes_on(50).await;
    let refused = load.refused();
    let sent = load.stop().await;
    stage.drained(HEALED).await;

    sent.is_there_exactly_once(&stage).await;
    sent.was_told(&stage).await;
    assert_eq!(refused, 0, "the ingress does not need Postgres");
    assert_eq!((ingress.process.pid(), worker.process.pid()), pids);
    assert!(worker.process.is_ready().await);
}
