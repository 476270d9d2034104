//! The layer before a service that answers as its path says.

use std::convert::Infallible;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, ServiceExt, service_fn};
use waypost_telemetry::metrics::label::{Method, RpcCode};
use waypost_telemetry::metrics::monitor::RPC_REQUESTS;

use super::*;

/// How often a method has ended so. Each test has methods of its own: metrics belong to the process.
fn ended(method: &str, code: RpcCode) -> u64 {
    RPC_REQUESTS.of((Method::of(method), code)).get()
}

/// A message, and a status behind it.
fn with_trailers(code: Code) -> Body {
    let mut trailers = HeaderMap::new();
    Status::new(code, "").add_header(&mut trailers).unwrap();
    let frames = [
        Frame::data(Bytes::from_static(b"\0\0\0\0\0")),
        Frame::trailers(trailers),
    ];
    let frames = futures_util::stream::iter(frames.map(Ok::<_, Status>));
    Body::new(StreamBody::new(frames))
}

async fn answer(path: &str, misread: Option<Misread>, body: Body) -> Response<Body> {
    let mut request = Request::post(path).body(Body::empty()).unwrap();
    if let Some(misread) = misread {
        request.extensions_mut().insert(misread);
    }
    let mut body = Some(body);
    let service = service_fn(move |_: Request<Body>| {
        let body = body.take().unwrap();
        async move { Ok::<_, Infallible>(Response::new(body)) }
    });
    let Ok(response) = count().layer(service).oneshot(request).await;
    response
}

#[tokio::test]
async fn the_status_behind_the_body_counts_once() {
    const METHOD: &str = "AuditService/List";
    let path = format!("/waypost.v1.{METHOD}");
    let body = with_trailers(Code::NotFound);
    let response = answer(&path, None, body).await;
    assert_eq!(ended(METHOD, RpcCode::NotFound), 0, "it has not ended yet");
    response.into_body().collect().await.unwrap();
    assert_eq!(ended(METHOD, RpcCode::NotFound), 1);
    assert_eq!(ended(METHOD, RpcCode::Cancelled), 0);
}

#[tokio::test]
async fn a_status_in_the_headers_counts_at_once() {
    const METHOD: &str = "NumberService/SetLimit";
    let service = service_fn(|_: Request<Body>| async {
        let mut response = Response::new(Body::empty());
        let code = HeaderValue::from_static("16");
        response.headers_mut().insert(Status::GRPC_STATUS, code);
        Ok::<_, Infallible>(response)
    });
    let request = Request::post(format!("/waypost.v1.{METHOD}"));
    let request = request.body(Body::empty()).unwrap();
    let Ok(response) = count().layer(service).oneshot(request).await;
    assert_eq!(ended(METHOD, RpcCode::Unauthenticated), 1);
    drop(response);
    assert_eq!(ended(METHOD, RpcCode::Unauthenticated), 1);
}

#[tokio::test]
async fn who_leaves_has_cancelled() {
    const METHOD: &str = "QueueService/WatchStats";
    let path = format!("/waypost.v1.{METHOD}");
    drop(answer(&path, None, with_trailers(Code::Ok)).await);
    assert_eq!(ended(METHOD, RpcCode::Cancelled), 1);

    let service =
        service_fn(|_: Request<Body>| std::future::pending::<Result<Response<Body>, Infallible>>());
    let request = Request::post(&path).body(Body::empty()).unwrap();
    let call = count().layer(service).oneshot(request);
    assert!(futures_util::poll!(std::pin::pin!(call)).is_pending());
    assert_eq!(ended(METHOD, RpcCode::Cancelled), 2);
}

#[tokio::test]
async fn what_the_gateway_could_not_read_is_the_callers_mistake() {
    const METHOD: &str = "DeadLetterService/Purge";
    let path = format!("/waypost.v1.{METHOD}");
    let misread = Misread::default();
    let body = with_trailers(Code::Internal);
    let response = answer(&path, Some(misread.clone()), body).await;
    misread.say();
    response.into_body().collect().await.unwrap();
    assert_eq!(ended(METHOD, RpcCode::InvalidArgument), 1);
    assert_eq!(ended(METHOD, RpcCode::Internal), 0);
}

#[tokio::test]
async fn strangers_make_no_series() {
    for path in ["/waypost.v1.Nothing/A", "/waypost.v1.Nothing/B"] {
        let response = answer(path, None, with_trailers(Code::Unimplemented)).await;
        response.into_body().collect().await.unwrap();
    }
    let strange = RPC_REQUESTS.of((Method::OTHER, RpcCode::Unimplemented));
    assert_eq!(strange.get(), 2);
}
