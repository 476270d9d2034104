//! Which request this is, and the layers around it.

use std::convert::Infallible;
use std::sync::Arc;

use http::{HeaderValue, Method, Request, Response, StatusCode, Version};
use hyper::body::Incoming;
use tower::{Service, ServiceBuilder};
use waypost_runtime::layers::{CatchPanicLayer, Identified, IdentifyLayer};

use super::answer::{Problem, Reply};
use super::kind::Kind;
use super::{Api, accept, authorize, batch};
use crate::answer::Body;

const MESSAGES: &str = "/v1/messages";
const BATCH: &str = "/v1/messages:batch";

/// The service of the private listener. The layers stand as those of the webhooks do, for the same reasons.
pub(crate) fn service(
    api: Arc<Api>,
) -> impl Service<Request<Incoming>, Response = Response<Body>, Error = Infallible, Future: Send>
+ Clone
+ Send
+ 'static {
    let panicked = Arc::clone(&api.counters.panicked);
    ServiceBuilder::new()
        .layer(IdentifyLayer)
        .layer(CatchPanicLayer::new(broken, panicked))
        .service_fn(move |identified: Identified<Incoming>| {
            let api = Arc::clone(&api);
            Box::pin(async move { Ok(answer(&api, identified).await) })
        })
}

async fn answer(api: &Api, identified: Identified<Incoming>) -> Response<Body> {
    let id = identified.id;
    let version = identified.request.version();
    match route(api, identified).await {
        Ok(reply) => reply.into_response(),
        Err(problem) => {
            api.counters.problem(&problem);
            problem.into_response(&id, version, &api.retry_after)
        }
    }
}

async fn route(api: &Api, identified: Identified<Incoming>) -> Result<Reply, Problem> {
    let Identified { id, request } = identified;
    let path = request.uri().path();
    let is_batch = path == BATCH;
    if !is_batch && path != MESSAGES {
        let detail = "There are POST /v1/messages and POST /v1/messages:batch.";
        return Err(Problem::new(Kind::NotFound, detail));
    }
    if request.method() != Method::POST {
        return Err(Problem::new(Kind::Method, "Only POST is served here."));
    }
    let key = authorize::key(&api.keys, request.headers())?;
    if is_batch {
        batch::batch(api, id, key, request).await
    } else {
        accept::message(api, id, &key, request).await
    }
}

fn broken() -> Response<Body> {
    let mut response = Response::new(Body::from(
        r#"{"type":"urn:waypost:problem:internal","title":"Internal error","status":500}"#,
    ));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    *response.version_mut() = Version::HTTP_11;
    response.headers_mut().insert(
        http::header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    response
}
