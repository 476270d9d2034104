//! SIGTERM under load, as in every deployment: nothing is lost, and each ends well in time.

use waypost_chaos::{Load, Weather};
use waypost_e2e::Stage;

use crate::HEALED;

#[tokio::test(flavor = "multi_thread")]
async fn rolling_ingress_and_worker_loses_nothing() {
    let stage = Stage::new().await;
    let mut ingresses = vec![
        stage.services.ingress_process().await,
        stage.services.ingress_process().await,
    ];
    let mut worker = stage.services.worker_process().await;
    let clients = |ingresses: &[waypost_harness::services::Spawned]| {
        ingresses.iter().map(|ingress| ingress.client()).collect()
    };
    let load = Load::start(&stage.inbox, clients(&ingresses));
    let mut weather = Weather::new();
    for round in 0..5 {
        weather.pass(100, 600).await;
        // Sometimes the new one is there before the old one goes, sometimes after.
        if round % 2 == 0 {
            let old = std::mem::replace(&mut worker, stage.services.worker_process().await);
            old.stop().await;
        } else {
            worker.stop().await;
            worker = stage.services.worker_process().await;
        }
        weather.pass(0, 300).await;
        let old = ingresses.remove(0);
        // Senders go on with it for as long as it listens.
        old.stop().await;
        ingresses.push(stage.services.ingress_process().await);
        load.send_to(clients(&ingresses));
    }
    let sent = load.stop().await;
    // The lease of a worker that went in good order does not have to lapse first.
    stage.drained(HEALED).await;
    sent.is_there_exactly_once(&stage).await;
    sent.was_told(&stage).await;
    worker.stop().await;
    for ingress in ingresses {
        ingress.stop().await;
    }
    let stats = stage.stats().await;
    assert_eq!(stats.consumers, 0, "leases were given back");
}
