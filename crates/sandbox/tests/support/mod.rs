//! A plain client of the fake Graph API, and a webhook receiver that keeps what it gets.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code, and no test file needs all of it"
)]

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use uuid::Uuid;
use waypost_sandbox::{Graph, GraphSettings};

pub(crate) const NUMBER: &str = "200000000000001";
pub(crate) const TOKEN: &str = "a-token";
pub(crate) const SECRET: &str = "test_app_secret";

pub(crate) async fn start(settings: GraphSettings) -> Graph {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    Graph::start(listener, settings).unwrap()
}

pub(crate) struct Caller {
    client: Client<HttpConnector, Full<Bytes>>,
    url: String,
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Bytes,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }

    /// HTTP status and Meta's code, 0 when there is none.
    pub(crate) fn code(&self) -> (u16, u64) {
        let body: Value = serde_json::from_slice(&self.bytes).unwrap_or_default();
        (self.status, body["error"]["code"].as_u64().unwrap_or(0))
    }

    pub(crate) fn wamid(&self) -> String {
        assert_eq!(self.status, 200, "{:?}", self.bytes);
        self.json()["messages"][0]["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }
}

impl Caller {
    pub(crate) fn new(graph: &Graph) -> Self {
        Self {
            client: Client::builder(TokioExecutor::new()).build_http(),
            url: graph.url().to_owned(),
        }
    }

    /// Speaks HTTP/2 from the first byte.
    pub(crate) fn http2(graph: &Graph) -> Self {
        Self {
            client: Client::builder(TokioExecutor::new())
                .http2_only(true)
                .build_http(),
            url: graph.url().to_owned(),
        }
    }

    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        content_type: &str,
        body: impl Into<Bytes>,
    ) -> Result<Reply, String> {
        let url = match path.starts_with("http") {
            true => path.to_owned(),
            false => format!("{}{path}", self.url),
        };
        let mut request = Request::builder()
            .method(method)
            .uri(url)
            .header("content-type", content_type);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request.body(Full::new(body.into())).unwrap();
        let text = |error: &dyn std::error::Error| {
            let mut text = error.to_string();
            let mut next = error.source();
            while let Some(cause) = next {
                text = format!("{text}: {cause}");
                next = cause.source();
            }
            text
        };
        let answer = self.client.request(request).await.map_err(|e| text(&e))?;
        let (head, body) = answer.into_parts();
        let bytes = body.collect().await.map_err(|e| text(&e))?.to_bytes();
        Ok(Reply {
            status: head.status.as_u16(),
            headers: head.headers,
            bytes,
        })
    }

    pub(crate) async fn send_from(&self, number: &str, body: &Value) -> Result<Reply, String> {
        let path = format!("/v25.0/{number}/messages");
        let json = "application/json";
        self.call(Method::POST, &path, Some(TOKEN), json, body.to_string())
            .await
    }

    pub(crate) async fn try_send(&self, body: &Value) -> Result<Reply, String> {
        self.send_from(NUMBER, body).await
    }

    pub(crate) async fn send(&self, body: &Value) -> Reply {
        self.try_send(body).await.unwrap()
    }

    pub(crate) async fn control(&self, method: Method, path: &str, body: &Value) -> Reply {
        let path = format!("/_sandbox/{path}");
        self.call(method, &path, None, "application/json", body.to_string())
            .await
            .unwrap()
    }
}

pub(crate) fn text(to: &str) -> Value {
    json!({
        "messaging_product": "whatsapp", "recipient_type": "individual", "to": to,
        "type": "text", "text": {"body": "Hello"},
    })
}

/// A text that carries an id of ours.
pub(crate) fn ours(to: &str, id: Uuid) -> Value {
    let mut body = text(to);
    body["biz_opaque_callback_data"] = json!(format!("wp:{id}"));
    body
}

/// What a webhook receiver got: signature and body.
pub(crate) type Got = Arc<Mutex<Vec<(Option<String>, Bytes)>>>;

/// A receiver that refuses the first few webhooks.
pub(crate) async fn receiver(refused: usize) -> (String, Got) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/webhook", listener.local_addr().unwrap());
    let got = Got::default();
    let shared = Arc::clone(&got);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let got = Arc::clone(&shared);
            let answer = service_fn(move |request| keep(request, Arc::clone(&got), refused));
            tokio::spawn(
                hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), answer),
            );
        }
    });
    (url, got)
}

async fn keep(
    request: Request<Incoming>,
    got: Got,
    refused: usize,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let signature = request
        .headers()
        .get("x-hub-signature-256")
        .map(|value| value.to_str().unwrap().to_owned());
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let mut got = got.lock().unwrap();
    got.push((signature, body));
    let status = if got.len() > refused { 200 } else { 503 };
    Ok(Response::builder()
        .status(status)
        .body(Full::default())
        .unwrap())
}

/// Waits until it holds.
pub(crate) async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < end, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
