//! A realtime service inside the test, and a client of its streams.
#![allow(dead_code, reason = "each test file uses a part")]

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::StreamExt;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use waypost_model::{EffectKey, Event, EventKind};
use waypost_queue::{EventLog, EventSettings, Redis, RedisSettings};
use waypost_realtime::{Config, Listeners, run};
use waypost_runtime::Health;
use waypost_settings::{MapLookup, SecretString};
use waypost_token::{Claims, Scope, TTL, Tokens};

pub(crate) const SECRET: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const NUMBER: &str = "106540352242922";
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A running service.
pub(crate) struct Service {
    pub(crate) address: SocketAddr,
    pub(crate) tokens: Option<SocketAddr>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Service {
    pub(crate) async fn start(url: &str, prefix: &str, settings: &[(&str, &str)]) -> Self {
        let mut lookup = MapLookup::from([
            ("realtime.secrets", SECRET),
            ("redis.url", url),
            ("redis.prefix", prefix),
            ("redis.allow_unsafe", "true"),
        ]);
        for &(key, value) in settings {
            lookup = lookup.with(key, value);
        }
        let config = Config::from_lookup(&lookup).unwrap();
        let free = async || TcpListener::bind("127.0.0.1:0").await.unwrap();
        let public = free().await;
        let tokens = match &config.keys_file {
            Some(_) => Some(free().await),
            None => None,
        };
        let address = public.local_addr().unwrap();
        let tokens_address = tokens.as_ref().map(|tokens| tokens.local_addr().unwrap());
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        let task = tokio::spawn(async move {
            let listeners = Listeners {
                public,
                tokens,
                admin: None,
            };
            run(config, listeners, Health::default(), stopped)
                .await
                .unwrap();
        });
        Self {
            address,
            tokens: tokens_address,
            stop,
            task,
        }
    }

    pub(crate) fn drain(&self) {
        self.stop.cancel();
    }

    pub(crate) async fn ended(self) {
        self.stop.cancel();
        timeout(PATIENCE, self.task).await.unwrap().unwrap();
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A stream with this token, from this position.
    pub(crate) async fn listen(&self, token: &str, after: Option<&str>) -> Stream {
        let mut request = client().get(self.url("/v1/events")).bearer_auth(token);
        if let Some(after) = after {
            request = request.header("last-event-id", after);
        }
        let response = timeout(PATIENCE, request.send()).await.unwrap().unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(
            response.headers()["content-type"],
            "text/event-stream; charset=utf-8"
        );
        Stream {
            bytes: Box::pin(response.bytes_stream().map(|bytes| bytes.unwrap().to_vec())),
            buffer: Vec::new(),
            position: String::new(),
        }
    }
}

/// An HTTP client.
pub(crate) fn client() -> reqwest::Client {
    // It speaks no TLS here, and asks for a provider all the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

/// What comes over a stream.
#[derive(Debug, PartialEq)]
pub(crate) enum Told {
    Here,
    Event(String, Value),
    End,
}

pub(crate) struct Stream {
    bytes: std::pin::Pin<Box<dyn futures_util::Stream<Item = Vec<u8>> + Send>>,
    buffer: Vec<u8>,
    /// The last id.
    pub(crate) position: String,
}

impl Stream {
    /// The next block.
    pub(crate) async fn next(&mut self) -> Told {
        timeout(PATIENCE, self.block())
            .await
            .expect("something comes")
    }

    async fn block(&mut self) -> Told {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|two| two == b"\n\n") {
                let block: Vec<u8> = self.buffer.drain(..end + 2).collect();
                return self.read(std::str::from_utf8(&block).unwrap());
            }
            match self.bytes.next().await {
                Some(bytes) => self.buffer.extend(bytes),
                None => return Told::End,
            }
        }
    }

    fn read(&mut self, block: &str) -> Told {
        let (mut name, mut data) = (None, None);
        for line in block.lines() {
            match line.split_once(": ") {
                Some(("id", id)) => id.clone_into(&mut self.position),
                Some(("event", event)) => name = Some(event.to_owned()),
                Some(("data", text)) => data = Some(serde_json::from_str(text).unwrap()),
                _ => {}
            }
        }
        match (name, data) {
            (Some(name), Some(data)) => Told::Event(name, data),
            (None, None) => Told::Here,
            other => panic!("half an event: {other:?}"),
        }
    }

    /// The numbers of the next `count` events, by their order.
    pub(crate) async fn numbers(&mut self, count: usize) -> Vec<u64> {
        let mut numbers = Vec::new();
        while numbers.len() < count {
            match self.next().await {
                Told::Here => {}
                Told::Event(kind, event) if kind == "message" => {
                    assert_eq!(event["position"], self.position.as_str());
                    numbers.push(event["data"]["n"].as_u64().unwrap());
                }
                other => panic!("{other:?} after {numbers:?}"),
            }
        }
        numbers
    }

    /// The next event that is not about where we stand.
    pub(crate) async fn event(&mut self) -> (String, Value) {
        loop {
            match self.next().await {
                Told::Here => {}
                Told::Event(name, data) => return (name, data),
                Told::End => panic!("the stream ended"),
            }
        }
    }
}

/// Writes events as workers do.
pub(crate) async fn log(url: &str, prefix: &str, keep: u64) -> EventLog {
    let mut settings = RedisSettings::for_url(url);
    prefix.clone_into(&mut settings.prefix);
    let redis = Redis::connect(&settings).await.unwrap();
    EventLog::new(&redis, &EventSettings { keep })
}

/// Events with these numbers.
pub(crate) fn events(number: &str, range: std::ops::Range<u64>) -> Vec<Event> {
    let event = |n: u64| {
        let id = EffectKey::message(number, &n.to_string());
        let body = serde_json::json!({ "n": n });
        Event::new(id, EventKind::Message, number, &body).unwrap()
    };
    range.map(event).collect()
}

pub(crate) fn token(scope: Scope) -> String {
    let secret = SecretString::from(SECRET);
    Tokens::new(&[secret])
        .unwrap()
        .issue(&Claims::new("test", scope, TTL))
}

pub(crate) fn number_token() -> String {
    token(numbers(&[NUMBER]))
}

pub(crate) fn numbers(numbers: &[&str]) -> Scope {
    let numbers = numbers.iter().map(|&number| number.to_owned()).collect();
    Scope::new(numbers, None, None).unwrap()
}
