//! Kill -9 of the worker, ten times under load.

use waypost_chaos::{Load, Weather};
use waypost_e2e::Stage;

use crate::{HEALED, short_lease};

#[tokio::test(flavor = "multi_thread")]
async fn ten_times_at_any_moment_and_every_update_is_one_row_and_told() {
    let stage = short_lease(Stage::new().await);
    let ingress = stage.services.ingress_process().await;
    let mut workers = vec![stage.services.worker_process().await];
    let load = Load::start(&stage.inbox, vec![ingress.client()]);
    let mut weather = Weather::new();
    for death in 0..10 {
        // Of two there is one left to take over; of one, nobody for a moment.
        if death % 2 == 1 {
            workers.push(stage.services.worker_process().await);
        }
        weather.pass(150, 900).await;
        let victim = weather.pick(workers.len());
        workers.swap_remove(victim).kill9().await;
        if workers.is_empty() {
            workers.push(stage.services.worker_process().await);
        }
    }
    let sent = load.stop().await;
    stage.drained(HEALED).await;

    sent.is_there_exactly_once(&stage).await;
    sent.was_told(&stage).await;
    assert!(
        sent.updates() > 500,
        "{} updates are no load",
        sent.updates()
    );
    let stats = stage.stats().await;
    assert!(
        stats.handed_back > 0,
        "no worker held anything when it died: {stats:?}"
    );
}
