//! A caller of the Send API, its file of keys, and what it finds in the outbox.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tempfile::TempDir;
use waypost_ingress::send::new_key;
use waypost_queue::{
    Consumer, InboxSettings, LaneConsumer, LaneReserved, LaneSettings, OutboxSettings, Outgoing,
    Reserved,
};
use waypost_settings::ExposeSecret;

use crate::local_redis::LocalRedis;
use crate::service::Service;

pub(crate) const NUMBER: &str = "106540352242922";
pub(crate) const TO: &str = "+16505551234";

/// A file with the keys of a test, and two of them.
pub(crate) struct KeyFile {
    dir: TempDir,
    /// May use [`NUMBER`].
    pub(crate) key: String,
    /// May use every number.
    pub(crate) other: String,
}

impl KeyFile {
    pub(crate) fn new() -> Self {
        let backend = new_key("backend", &[NUMBER]).unwrap();
        let other = new_key("other", &["*"]).unwrap();
        let file = Self {
            dir: TempDir::new().unwrap(),
            key: backend.key.expose_secret().to_owned(),
            other: other.key.expose_secret().to_owned(),
        };
        file.write(&format!("{}\n{}", backend.table, other.table));
        file
    }

    pub(crate) fn path(&self) -> String {
        self.dir.path().join("keys.toml").display().to_string()
    }

    pub(crate) fn write(&self, text: &str) {
        std::fs::write(self.path(), text).unwrap();
    }
}

/// A service with the Send API, ready, and a caller with the first key.
pub(crate) async fn ready(redis: &LocalRedis, more: &[(&str, &str)]) -> (Service, Sender, KeyFile) {
    let file = KeyFile::new();
    let path = file.path();
    let settings = [&[("send.keys_file", path.as_str())], more].concat();
    let service = Service::ready(&redis.url(), &settings).await;
    let sender = Sender::new(service.send, &file.key);
    (service, sender, file)
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(crate) fn id(&self) -> String {
        self.body["id"].as_str().expect("an id").to_owned()
    }

    pub(crate) fn pointers(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array().expect("errors");
        errors
            .iter()
            .map(|error| error["pointer"].as_str().unwrap())
            .collect()
    }
}

#[derive(Clone)]
pub(crate) struct Sender {
    client: Client<HttpConnector, Full<Bytes>>,
    address: SocketAddr,
    key: String,
}

impl Sender {
    pub(crate) fn new(address: SocketAddr, key: &str) -> Self {
        Self {
            client: Client::builder(TokioExecutor::new()).build_http(),
            address,
            key: key.to_owned(),
        }
    }

    pub(crate) fn with_key(&self, key: &str) -> Self {
        Self {
            key: key.to_owned(),
            ..self.clone()
        }
    }

    pub(crate) async fn send(&self, body: &Value) -> Reply {
        self.post("/v1/messages", body.to_string(), &[]).await
    }

    pub(crate) async fn batch(&self, body: &Value, headers: &[(&str, &str)]) -> Reply {
        self.post("/v1/messages:batch", body.to_string(), headers)
            .await
    }

    pub(crate) async fn post(
        &self,
        path: &str,
        body: impl Into<Bytes>,
        headers: &[(&str, &str)],
    ) -> Reply {
        let bearer = format!("Bearer {}", self.key);
        let mut all = vec![("authorization", bearer.as_str())];
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            all.push(("content-type", "application/json"));
        }
        all.extend(headers);
        self.request(Method::POST, path, body, &all).await
    }

    /// With just these headers.
    pub(crate) async fn request(
        &self,
        method: Method,
        path: &str,
        body: impl Into<Bytes>,
        headers: &[(&str, &str)],
    ) -> Reply {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body.into())).unwrap();
        let (head, body) = self.client.request(request).await.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Reply {
            status: head.status.as_u16(),
            headers: head.headers,
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        }
    }
}

/// A text message of ours.
pub(crate) fn text(body: &str) -> Value {
    json!({ "from": NUMBER, "to": TO, "type": "text", "text": { "body": body } })
}

/// All messages that a dispatcher would be told of by the facts, in their order.
pub(crate) async fn facts(redis: &LocalRedis) -> Vec<Outgoing> {
    let redis = redis.client().await;
    let consumer = Consumer::join_facts(&redis, &InboxSettings::default(), 0)
        .await
        .unwrap();
    let mut found = Vec::new();
    while let Reserved::Batch(batch) = consumer.reserve(10_000, 1 << 30).await.unwrap() {
        for entry in batch.entries {
            found.push(Outgoing::from_envelope(&entry.envelope.unwrap()).unwrap());
        }
    }
    found
}

/// The messages that may be sent now: the head of each lane.
pub(crate) async fn heads(redis: &LocalRedis) -> Vec<Outgoing> {
    let redis = redis.client().await;
    let (outbox, lanes) = (OutboxSettings::default(), LaneSettings::default());
    let lanes = LaneConsumer::join(&redis, &outbox, &lanes, 0)
        .await
        .unwrap();
    match lanes.reserve(1_000).await.unwrap() {
        LaneReserved::Turns(turns) => turns
            .into_iter()
            .map(|turn| turn.outgoing.unwrap())
            .collect(),
        LaneReserved::Empty(_) | LaneReserved::Paused => Vec::new(),
    }
}
