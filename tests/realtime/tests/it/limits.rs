//! How many connections a token and an address may have, and that a place is free again when it is left.

use std::time::Duration;

use futures_util::future::join_all;
use waypost_harness::eventually_some;
use waypost_realtime_tests::{
    Connection, Dial, Failed, Item, Realtime, SOON, Site, Transport, tokens,
};

use crate::{MACHINE, NUMBER};

/// What a token may have unless it is configured.
const PER_TOKEN: usize = 16;

/// So many connections, of both kinds in turn.
async fn open(dial: &Dial, count: usize) -> Vec<Connection> {
    let transports = Transport::BOTH.into_iter().cycle().take(count);
    let all = join_all(transports.map(|transport| transport.connect(dial))).await;
    all.into_iter().map(Result::unwrap).collect()
}

/// How one more is refused, over either transport: 429 where there is HTTP, and always a sentence.
async fn full(dial: &Dial) {
    for transport in Transport::BOTH {
        let refused = transport.connect(dial).await.unwrap_err();
        match &refused {
            Failed::Refused {
                status,
                retry_after,
                ..
            } => {
                assert_eq!(*status, 429, "{refused}");
                let after = retry_after
                    .as_ref()
                    .and_then(|after| after.parse::<u32>().ok());
                assert!(after.is_some_and(|after| after > 0), "{refused}");
            }
            Failed::NotConnected(_) => assert_eq!(transport, Transport::SocketIo),
            Failed::Unreachable(_) => panic!("{refused}"),
        }
        assert!(refused.sentence().contains("connections"), "{refused}");
    }
}

/// A place is free soon: the service must first see that somebody has gone.
async fn free(transport: Transport, dial: &Dial) -> Connection {
    eventually_some(SOON, "a place is free", async || {
        transport.connect(dial).await.ok()
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_has_sixteen_whatever_the_transport() {
    let _machine = MACHINE.read().await;
    let site = Site::new().await;
    let realtime = site.realtime().await;
    let dial = realtime.dial(tokens::of_numbers(&[NUMBER]));
    let mut connections = open(&dial, PER_TOKEN).await;
    full(&dial).await;
    // Another token of the same scope is another user.
    let other = realtime.dial(tokens::of_numbers(&[NUMBER]));
    drop(open(&other, 2).await);
    for transport in Transport::BOTH {
        connections.pop();
        connections.push(free(transport, &dial).await);
        full(&dial).await;
    }
    // Refusals have cost nobody his place.
    site.stream.messages(NUMBER, 0..1).await;
    for connection in &mut connections {
        assert!(matches!(connection.news().await, Item::Event(_)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_has_so_many_whatever_the_tokens() {
    let _machine = MACHINE.read().await;
    let site = Site::new().await.with("realtime.max_per_address", "6");
    let realtime = site.realtime().await;
    let dial = || realtime.dial(tokens::of_numbers(&[NUMBER]));
    let mut connections = Vec::new();
    for _ in 0..3 {
        connections.extend(open(&dial(), 2).await);
    }
    full(&dial()).await;
    for transport in Transport::BOTH {
        connections.remove(0);
        connections.push(free(transport, &dial()).await);
        full(&dial()).await;
    }
}

/// Strangers without a token take a place of their address only for as long as it takes to refuse them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_strangers_leave_no_trace() {
    let _machine = MACHINE.read().await;
    let site = Site::new().await.with("realtime.max_per_address", "4");
    let realtime = site.realtime().await;
    for _ in 0..8 {
        for transport in Transport::BOTH {
            let refused = transport.connect(&realtime.dial("no-token")).await;
            assert!(refused.is_err());
        }
    }
    let dial = realtime.dial(tokens::of_numbers(&[NUMBER]));
    let mut connections = Vec::new();
    for transport in Transport::BOTH.into_iter().cycle().take(4) {
        connections.push(free(transport, &dial).await);
    }
    full(&dial).await;
}

/// Whoever comes and goes a hundred times leaves nothing behind.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_visits_leave_every_place_free() {
    let _machine = MACHINE.read().await;
    let site = Site::new().await;
    let realtime: Realtime = site.realtime().await;
    let dial = realtime.dial(tokens::of_numbers(&[NUMBER]));
    for _ in 0..50 {
        for transport in Transport::BOTH {
            drop(free(transport, &dial).await);
        }
    }
    let all = async {
        let mut connections = Vec::new();
        for transport in Transport::BOTH.into_iter().cycle().take(PER_TOKEN) {
            connections.push(free(transport, &dial).await);
        }
        connections
    };
    let all = tokio::time::timeout(Duration::from_secs(30), all).await;
    drop(all.expect("all places are free"));
}
