//! The network cut and silent, between the worker and Postgres and between all of us and Redis.

use std::net::{Ipv4Addr, SocketAddr};

use waypost_chaos::{Load, Weather};
use waypost_e2e::Stage;
use waypost_harness::eventually;
use waypost_harness::proxy::Proxy;

use crate::HEALED;

/// A proxy before a server of this machine, by its address.
pub(crate) async fn before(url: &str) -> Proxy {
    let authority = url.split_once("://").unwrap().1;
    let authority = authority.split('/').next().unwrap();
    let port = authority.rsplit_once(':').unwrap().1.parse().unwrap();
    Proxy::to(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await
}

/// Cuts and heals under load; now and then nothing arrives for longer.
async fn storm(load: &Load, proxy: &Proxy, cuts: usize) {
    let mut weather = Weather::new();
    for cut in 0..cuts {
        let before = load.accepted();
        eventually(HEALED, "webhooks are taken", async || {
            load.accepted() > before + 3
        })
        .await;
        weather.pass(0, 120).await;
        if cut % 5 == 4 {
            proxy.blackhole();
            weather.pass(500, 1_500).await;
        }
        proxy.cut();
        weather.pass(0, 60).await;
        proxy.heal();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_before_postgres_in_the_middle_of_commits() {
    let stage = Stage::new().await;
    let proxy = before(stage.database_url()).await;
    let behind = stage
        .services
        .clone()
        .with("postgres.url", proxy.url(stage.database_url()));
    let ingress = stage.services.ingress_process().await;
    let worker = behind.worker_process().await;
    let load = Load::start(&stage.inbox, vec![ingress.client()]);
    storm(&load, &proxy, 40).await;
    let sent = load.stop().await;
    stage.drained(HEALED).await;
    sent.is_there_exactly_once(&stage).await;
    sent.was_told(&stage).await;
    assert!(
        worker.process.log().contains("Postgres:"),
        "no cut was felt"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_before_redis_in_the_middle_of_everything() {
    let stage = Stage::new().await;
    let proxy = before(stage.redis_url()).await;
    let behind = stage
        .services
        .clone()
        .with("redis.url", proxy.url(stage.redis_url()));
    let ingress = behind.ingress_process().await;
    let worker = behind.worker_process().await;
    let load = Load::start(&stage.inbox, vec![ingress.client()]);
    storm(&load, &proxy, 25).await;
    let refused = load.refused();
    let sent = load.stop().await;
    stage.drained(HEALED).await;
    sent.is_there_exactly_once(&stage).await;
    sent.was_told(&stage).await;
    assert!(refused > 0, "no cut was felt");
    assert!(worker.process.is_ready().await && ingress.process.is_ready().await);
}
