//! Nobody misses anything when replicas come and go in good order, as in every deployment.

use std::time::{Duration, Instant};

use waypost_realtime_tests::{Site, Switch, steady_port};

use crate::MACHINE;
use crate::crowd::Crowd;
use crate::flow::Flow;

/// Within which a service that is told to stop must have ended: well before `realtime.drain_deadline`.
const DRAINED: Duration = Duration::from_secs(10);
/// What `realtime.drain_spread` is in these tests.
const SPREAD: Duration = Duration::from_millis(500);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drained_while_clients_move_to_another_replica_and_back() {
    let _machine = MACHINE.read().await;
    let page = steady_port();
    let site = Site::new().await.allowing(page);
    let mut flow = Flow::start(&site).await;
    let contact = flow.contact(&site).await;
    let mut replicas = [site.realtime().await, site.realtime().await];
    let switch = Switch::to(replicas[0].address).await;
    let crowd = Crowd::start(switch.address(), page, &contact).await;
    crowd.connected(1).await;
    flow.begin();
    for (old, new) in [(0, 1), (1, 0)] {
        flow.grows(&site, 300).await;
        switch.point_to(replicas[new].address);
        let began = Instant::now();
        replicas[old].drain().await;
        // Everybody was told to go, and went: none had to be cut off at the deadline.
        let took = began.elapsed();
        assert!(took < DRAINED, "it took {took:?}");
        replicas[old].start_again().await;
        crowd.connected(2 + old).await;
    }
    flow.grows(&site, 300).await;
    let told = flow.end(&site).await;
    let records = crowd.has_all(&told).await;
    for (name, record) in records {
        // On a machine that is busy with something else a client may also be too slow now and then. It comes back.
        let draining = record.byes.iter().filter(|bye| bye.reason == "draining");
        let retries: Vec<_> = draining.map(|bye| bye.retry).collect();
        assert!(
            retries.iter().all(|retry| *retry <= SPREAD),
            "{name}: {retries:?}"
        );
        // The next request of a session that polls goes to the other replica already, where nobody knows it: it is told so, and begins anew.
        // Whoever polls through a balancer wants it to keep sessions where they are.
        if !name.starts_with("polling") {
            assert_eq!(retries.len(), 2, "{name}: {:?}", record.byes);
        }
    }
}
