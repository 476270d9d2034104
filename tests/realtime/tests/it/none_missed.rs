//! Nobody misses anything: 5,000 events from webhook to client, while the service that carries them dies.

use waypost_realtime_tests::{Site, steady_port};

use crate::MACHINE;
use crate::crowd::Crowd;
use crate::flow::Flow;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_three_times_in_five_thousand_events() {
    let _machine = MACHINE.read().await;
    let page = steady_port();
    let site = Site::new().await.allowing(page);
    let mut flow = Flow::start(&site).await;
    let contact = flow.contact(&site).await;
    let mut realtime = site.realtime().await;
    let crowd = Crowd::start(realtime.address, page, &contact).await;
    crowd.connected(1).await;
    flow.begin();
    for death in 1..=3 {
        flow.grows(&site, 500).await;
        realtime.kill().await;
        realtime.start_again().await;
        // All come back by themselves while events go on.
        crowd.connected(1 + death).await;
    }
    let rest = 5_000_usize.saturating_sub(flow.told.len());
    flow.grows(&site, rest.max(500)).await;
    let told = flow.end(&site).await;
    assert!(told.len() >= 5_000, "{} events", told.len());
    crowd.has_all(&told).await;
}
