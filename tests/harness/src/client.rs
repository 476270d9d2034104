use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use waypost_whatsapp::signature::sign;

type Inner = legacy::Client<HttpConnector, Full<Bytes>>;

/// What came back.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

/// Meta, as far as a test needs it: signs and posts webhooks over connections that it keeps. Clones share them.
#[derive(Clone, Debug)]
pub struct Client {
    inner: Inner,
    ingress: SocketAddr,
    secret: String,
}

impl Client {
    /// A client of the ingress at an address, signing with `secret`.
    pub fn new(ingress: SocketAddr, secret: &str) -> Self {
        Self {
            inner: inner(),
            ingress,
            secret: secret.to_owned(),
        }
    }

    /// Posts a webhook, signed, and returns the status.
    ///
    /// # Errors
    /// When no answer comes: refused, reset, cut.
    pub async fn post(&self, body: impl Into<Bytes>) -> Result<u16, legacy::Error> {
        let body = body.into();
        let signature = sign(self.secret.as_bytes(), &body);
        let reply = self
            .post_with(body, &[("x-hub-signature-256", &signature)])
            .await?;
        Ok(reply.status)
    }

    /// Posts to `/webhook` with just these headers.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn post_with(
        &self,
        body: impl Into<Bytes>,
        headers: &[(&str, &str)],
    ) -> Result<Reply, legacy::Error> {
        self.post_to("/webhook", body, headers).await
    }

    /// Posts JSON to any path of the same listener with just these headers.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn post_to(
        &self,
        path: &str,
        body: impl Into<Bytes>,
        headers: &[(&str, &str)],
    ) -> Result<Reply, legacy::Error> {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(format!("http://{}{path}", self.ingress))
            .header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request
            .body(Full::new(body.into()))
            .expect("a valid request");
        send(&self.inner, request).await
    }

    /// Gets a path of the same listener, query included.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn get(&self, path: &str) -> Result<Reply, legacy::Error> {
        send(&self.inner, request_for(self.ingress, path)).await
    }
}

/// Gets one path over a connection of its own.
pub(crate) async fn get(address: SocketAddr, path: &str) -> Result<Reply, legacy::Error> {
    send(&inner(), request_for(address, path)).await
}

fn inner() -> Inner {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    legacy::Client::builder(TokioExecutor::new()).build(connector)
}

fn request_for(address: SocketAddr, path: &str) -> Request<Full<Bytes>> {
    Request::builder()
        .uri(format!("http://{address}{path}"))
        .body(Full::default())
        .expect("a valid request")
}

async fn send(client: &Inner, request: Request<Full<Bytes>>) -> Result<Reply, legacy::Error> {
    let (head, body) = client.request(request).await?.into_parts();
    // An answer that breaks off in its body has been given all the same: its status counts.
    let body = body
        .collect()
        .await
        .map(|body| body.to_bytes())
        .unwrap_or_default();
    Ok(Reply {
        status: head.status.as_u16(),
        headers: head.headers,
        body,
    })
}
