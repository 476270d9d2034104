//! Redis is cut off, silent, or starts anew: clients stay, and get what they have not seen as soon as it is back.

use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::time::Duration;

use waypost_e2e::Stage;
use waypost_harness::proxy::Proxy;
use waypost_harness::{AppendFsync, eventually, private_redis};
use waypost_realtime_tests::{Follower, Item, Realtime, SOON, Site, Transport, tokens};

use crate::{MACHINE, NUMBER};

/// Within which all must be as before.
const HEALED: Duration = Duration::from_secs(30);

/// Two clients, who have been told of so many events.
async fn listening(site: &Site, realtime: &Realtime, events: usize) -> [Follower; 2] {
    let followers = Transport::BOTH
        .map(|transport| Follower::start(transport, realtime.dial(tokens::of_everything())));
    for follower in &followers {
        eventually(SOON, "all listen", async || {
            follower.look(|record| record.position.is_some())
        })
        .await;
    }
    site.stream.messages(NUMBER, 0..events).await;
    has(&followers, events, SOON).await;
    followers
}

async fn has(followers: &[Follower; 2], events: usize, within: Duration) {
    for follower in followers {
        eventually(within, "all are there", async || {
            follower.look(|record| record.distinct() >= events)
        })
        .await;
    }
}

/// Each has all, and nobody had to connect again.
async fn stayed(site: &Site, followers: [Follower; 2]) {
    let told = site.stream.told().await;
    for follower in followers {
        let record = follower.stop();
        record.went_well("a client that stayed");
        record.is_whole("a client that stayed", &told, |_| true);
        assert_eq!(record.connects, 1, "byes: {:?}", record.byes);
    }
}

async fn behind(url: &str) -> Proxy {
    let port = url.rsplit_once(':').unwrap().1;
    let port = port.split('/').next().unwrap().parse().unwrap();
    Proxy::to(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_off_for_a_while_and_nobody_has_to_come_back() {
    let _machine = MACHINE.read().await;
    let site = Site::new().await;
    let proxy = behind(site.stage.redis_url()).await;
    let site_behind = proxy.url(site.stage.redis_url());
    let site = site.with("redis.url", site_behind);
    let mut realtime = site.realtime().await;
    let followers = listening(&site, &realtime, 100).await;
    for round in 0..2 {
        let begun = 100 + round * 200;
        match round {
            0 => proxy.cut(),
            _ => proxy.blackhole(),
        }
        let seen = |follower: &Follower| follower.look(|record| record.position);
        let before = followers.each_ref().map(seen);
        site.stream.messages(NUMBER, begun..begun + 200).await;
        if round == 0 {
            eventually(SOON, "it says that it is not ready", async || {
                !realtime.process.is_ready().await
            })
            .await;
            newcomer(&site, &realtime).await;
        }
        assert_eq!(followers.each_ref().map(seen), before, "who told them?");
        proxy.heal();
        has(&followers, begun + 200, HEALED).await;
        eventually(HEALED, "it is ready again", async || {
            realtime.process.is_ready().await
        })
        .await;
    }
    stayed(&site, followers).await;
    assert!(realtime.process.is_running());
}

/// Who comes while Redis is away is heard and told where it stands, and waits like the others.
async fn newcomer(site: &Site, realtime: &Realtime) {
    let first = site.stream.told().await.remove(0);
    for transport in Transport::BOTH {
        let dial = realtime
            .dial(tokens::of_everything())
            .after(&first.position);
        let mut connection = transport.connect(&dial).await.unwrap();
        match connection.news().await {
            Item::Event(event) => assert_eq!(event.key(), "wamid.1"),
            item => panic!("{item:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn started_anew_three_times_and_nobody_has_to_come_back() {
    let _machine = MACHINE.read().await;
    let mut redis = private_redis(AppendFsync::Always).await;
    let site = Site::on(Stage::on_redis(&redis.url()).await);
    let realtime = site.realtime().await;
    let followers = listening(&site, &realtime, 50).await;
    for round in 1..4 {
        redis.kill().await.unwrap();
        redis.restart().await.unwrap();
        // The connection of the test is a new one too.
        eventually(HEALED, "Redis answers", async || {
            site.stage.try_stats().await.is_some()
        })
        .await;
        let begun = round * 50;
        site.stream.messages(NUMBER, begun..begun + 50).await;
        has(&followers, begun + 50, HEALED).await;
    }
    stayed(&site, followers).await;
}

#[tokio::test]
async fn without_redis_it_starts_and_serves_as_soon_as_there_is_one() {
    let _machine = MACHINE.read().await;
    let site = Site::new().await;
    let proxy = behind(site.stage.redis_url()).await;
    let through = proxy.url(site.stage.redis_url());
    proxy.cut();
    let services = site.services.clone().with("redis.url", through);
    let mut starting = pin!(Realtime::start(&services));
    tokio::select! {
        biased;
        _ = &mut starting => panic!("ready without Redis"),
        // It has tried by now, or tries in a moment: both must do.
        () = site.stream.messages(NUMBER, 0..500) => proxy.heal(),
    }
    let realtime = starting.await;
    let followers = Transport::BOTH.map(|transport| {
        let dial = realtime.dial(tokens::of_everything()).after("0-0");
        Follower::start(transport, dial)
    });
    has(&followers, 500, SOON).await;
    stayed(&site, followers).await;
}

/// An outage is nobody's fault who listens: what has gathered meanwhile is more than may wait for one client, and nobody is cut for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_gathered_meanwhile_cuts_nobody_who_reads() {
    let _machine = MACHINE.read().await;
    let site = Site::new().await;
    let proxy = behind(site.stage.redis_url()).await;
    let through = proxy.url(site.stage.redis_url());
    let site = site.with("redis.url", through);
    let realtime = site.realtime().await;
    let followers = listening(&site, &realtime, 10).await;
    proxy.cut();
    // Twice what `realtime.queue` lets wait, and more than is read at once.
    site.stream.messages(NUMBER, 10..6_010).await;
    proxy.heal();
    has(&followers, 6_010, HEALED).await;
    stayed(&site, followers).await;
}
