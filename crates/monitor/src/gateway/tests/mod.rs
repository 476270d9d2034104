//! The gateway over small services with canned answers, and a guard that knows one token.

mod canned;
mod problems;
mod requests;
mod streams;

use std::convert::Infallible;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use serde_json::Value;
use tonic::Status;
use tower::{ServiceExt, service_fn};
use waypost_runtime::RequestId;

use super::*;

const TOKEN: &str = "Bearer right";

/// What came back.
#[derive(Debug)]
struct Told {
    status: StatusCode,
    headers: HeaderMap,
    value: Value,
}

impl Told {
    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The fields that are complained about.
    fn fields(&self) -> Vec<&str> {
        let errors = self.value["errors"].as_array().unwrap();
        errors
            .iter()
            .map(|error| error["field"].as_str().unwrap())
            .collect()
    }
}

/// A gateway to the canned services behind a guard.
fn gateway() -> Gateway<impl Services> {
    let services = canned::services();
    Gateway::new(service_fn(move |request: Request<tonic::body::Body>| {
        let services = services.clone();
        Box::pin(async move {
            let token = request.headers().get(AUTHORIZATION);
            if token.is_none_or(|token| token != TOKEN) {
                let refused = Status::unauthenticated("who are you?");
                return Ok::<_, Infallible>(refused.into_http());
            }
            let response = services.oneshot(request).await;
            let mut response = response.map(|response| response.map(tonic::body::Body::new))?;
            let role = HeaderValue::from_static("admin");
            response.headers_mut().insert("x-waypost-role", role);
            Ok(response)
        })
    }))
}

fn request(verb: &str, target: &str, body: &str) -> Request<Full<Bytes>> {
    let mut request = Request::builder()
        .method(verb)
        .uri(target)
        .header(AUTHORIZATION, TOKEN);
    if !body.is_empty() {
        request = request.header(CONTENT_TYPE, "application/json");
    }
    request.body(Full::from(body.to_owned())).unwrap()
}

async fn send(request: Request<Full<Bytes>>) -> Told {
    let response: Response<Body> = gateway().answer(request).await;
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Told {
        status: parts.status,
        headers: parts.headers,
        value: serde_json::from_slice(&bytes).unwrap(),
    }
}

async fn ask(verb: &str, target: &str, body: &str) -> Told {
    send(request(verb, target, body)).await
}

async fn get(target: &str) -> Told {
    ask("GET", target, "").await
}
