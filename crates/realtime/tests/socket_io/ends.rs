//! How connections end, and that clients come back by themselves.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use serde_json::json;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use waypost_harness::redis;
use waypost_settings::SecretString;
use waypost_token::{Claims, TTL, Tokens};

use crate::common::{self, NUMBER, SECRET, Service, log, number_token};
use crate::node::Node;
use crate::{TRANSPORTS, numbers, publish};

#[tokio::test]
async fn when_its_token_ends_a_client_comes_back_with_another() {
    let redis = redis().await;
    let log = log(&redis.url, &redis.prefix, 1_000_000).await;
    let service = Service::start(&redis.url, &redis.prefix, &[]).await;
    let mut claims = Claims::new("test", common::numbers(&[NUMBER]), TTL);
    // Node takes its time to start where much else runs.
    claims.expires = SystemTime::now() + Duration::from_secs(8);
    let tokens = Tokens::new(&[SecretString::from(SECRET)]).unwrap();
    let mut nodes = Vec::new();
    for transports in TRANSPORTS {
        let tokens = json!([tokens.issue(&claims), number_token()]);
        let mut node = Node::connect(&service.url(""), transports, tokens).await;
        node.opened().await;
        nodes.push(node);
    }
    publish(&log, 0..4, 10).await;
    for node in &mut nodes {
        assert_eq!(node.numbers(4).await, numbers(0..4));
        let (name, bye) = node.news().await;
        assert_eq!((&*name, &bye["reason"]), ("bye", &json!("expired")));
        assert!(bye["retry_ms"].is_u64());
    }
    // While they are away, or on their way back.
    publish(&log, 4..10, 10).await;
    for node in &mut nodes {
        assert_eq!(node.news().await.0, "error", "the transport closes");
        node.opened().await;
        assert_eq!(node.numbers(6).await, numbers(4..10));
    }
}

/// What stands before several replicas: new connections go where it points.
async fn balancer(target: &Arc<Mutex<SocketAddr>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let target = Arc::clone(target);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let target = *target.lock().unwrap();
            tokio::spawn(async move {
                let mut server = TcpStream::connect(target).await?;
                copy_bidirectional(&mut client, &mut server).await
            });
        }
    });
    address
}

#[tokio::test]
async fn a_server_that_stops_sends_its_clients_to_another_and_ends() {
    let redis = redis().await;
    let log = log(&redis.url, &redis.prefix, 1_000_000).await;
    let settings = [("realtime.drain_spread", "200ms")];
    for (round, transports) in (0..).step_by(6).zip(TRANSPORTS) {
        let first = Service::start(&redis.url, &redis.prefix, &settings).await;
        let second = Service::start(&redis.url, &redis.prefix, &settings).await;
        let target = Arc::new(Mutex::new(first.address));
        let url = format!("http://{}", balancer(&target).await);
        let mut node = Node::connect(&url, transports, json!(number_token())).await;
        match transports.contains(&"websocket") {
            true => node.upgraded().await,
            false => assert_eq!(node.opened().await, "polling"),
        }
        publish(&log, round..round + 3, 10).await;
        assert_eq!(node.numbers(3).await, numbers(round..round + 3));
        let ended = first.ended();
        let client = async {
            let (name, bye) = node.news().await;
            if transports.contains(&"websocket") {
                assert_eq!((&*name, &bye["reason"]), ("bye", &json!("draining")));
            }
            *target.lock().unwrap() = second.address;
            publish(&log, round + 3..round + 6, 10).await;
            // A client that was between two polls hears nothing. Each may try before it notices that the first server has gone.
            let mut name = name;
            while matches!(&*name, "bye" | "error") {
                name = node.news().await.0;
            }
            assert_eq!(name, "open");
            assert_eq!(node.numbers(3).await, numbers(round + 3..round + 6));
        };
        tokio::join!(ended, client);
    }
}

#[tokio::test]
async fn a_place_is_free_again_when_a_client_has_left() {
    let redis = redis().await;
    let settings = [("realtime.max_per_token", "1")];
    let service = Service::start(&redis.url, &redis.prefix, &settings).await;
    let token = json!(number_token());
    for transports in [TRANSPORTS[0], TRANSPORTS[2]] {
        let mut one = Node::connect(&service.url(""), transports, token.clone()).await;
        one.opened().await;
        let mut other = Node::connect(&service.url(""), transports, token.clone()).await;
        let (name, refused) = other.news().await;
        assert_eq!((&*name, &refused["code"]), ("refused", &json!("too-many")));
        drop(one);
        waypost_harness::eventually(common::PATIENCE, "the place is free", async || {
            let mut again = Node::connect(&service.url(""), transports, token.clone()).await;
            again.news().await.0 == "open"
        })
        .await;
    }
}
