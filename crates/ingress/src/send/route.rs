//! Which request this is, and the layers around it.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Instant;

use http::{HeaderValue, Method, Request, Response, StatusCode, Version};
use hyper::body::Incoming;
use tower::{Service, ServiceBuilder};
use uuid::Uuid;
use waypost_runtime::RequestId;
use waypost_runtime::layers::{CatchPanicLayer, Identified, IdentifyLayer};
use waypost_telemetry::metrics::ingress;
use waypost_telemetry::trace::{Context, Span, names};
use waypost_telemetry::{About, say};

use super::answer::{Problem, Reply};
use super::kind::Kind;
use super::{Api, accept, authorize, batch, count_problem, read};
use crate::answer::Body;
use crate::spans;

const MESSAGES: &str = "/v1/messages";
const BATCH: &str = "/v1/messages:batch";

/// The service of the private listener. The layers stand as those of the webhooks do, for the same reasons.
pub(crate) fn service(
    api: Arc<Api>,
) -> impl Service<Request<Incoming>, Response = Response<Body>, Error = Infallible, Future: Send>
+ Clone
+ Send
+ 'static {
    let panicked = Arc::clone(&api.panicked);
    ServiceBuilder::new()
        .layer(IdentifyLayer)
        .layer(CatchPanicLayer::new(broken, panicked))
        .service_fn(move |identified: Identified<Incoming>| {
            let api = Arc::clone(&api);
            Box::pin(async move { Ok(answer(&api, identified).await) })
        })
}

/// A request that is one of ours to answer.
pub(crate) struct Asked {
    pub(crate) id: RequestId,
    /// The trace that its sender brought.
    pub(crate) sender: Context,
    pub(crate) span: Span,
    /// The id that a single message will have: its trace begins with the request.
    pub(crate) message: Uuid,
    is_batch: bool,
}

impl Asked {
    fn of<B>(id: RequestId, request: &Request<B>) -> Result<Self, Problem> {
        let path = request.uri().path();
        let is_batch = path == BATCH;
        if !is_batch && path != MESSAGES {
            let detail = "There are POST /v1/messages and POST /v1/messages:batch.";
            return Err(Problem::new(Kind::NotFound, detail));
        }
        if request.method() != Method::POST {
            return Err(Problem::new(Kind::Method, "Only POST is served here."));
        }
        let sender = read::context(request.headers());
        let message = Uuid::now_v7();
        let span = match is_batch {
            true => spans::request("POST /v1/messages:batch", BATCH, "http", id.uuid(), sender),
            false => spans::request("POST /v1/messages", MESSAGES, "http", message, sender),
        };
        Ok(Self {
            id,
            sender,
            span: span.attr(names::REQUEST_ID, id.uuid()),
            message,
            is_batch,
        })
    }
}

async fn answer(api: &Api, identified: Identified<Incoming>) -> Response<Body> {
    let started = Instant::now();
    let Identified { id, request } = identified;
    let version = request.version();
    let respond = |answered: Result<Reply, Problem>| match answered {
        Ok(reply) => reply.into_response(),
        Err(problem) => {
            count_problem(&problem);
            problem.into_response(&id, version, &api.retry_after)
        }
    };
    let mut asked = match Asked::of(id, &request) {
        Ok(asked) => asked,
        Err(problem) => return respond(Err(problem)),
    };
    let response = respond(serve(api, &mut asked, request).await);
    let status = response.status();
    spans::answered(&mut asked.span, status);
    let about = About::default()
        .request(id.uuid())
        .trace(asked.span.context());
    let took = started.elapsed();
    say!(
        debug,
        about,
        status = status.as_u16(),
        ?took,
        "send request"
    );
    ingress::SEND_REQUEST_DURATION.record(took);
    response
}

async fn serve(api: &Api, asked: &mut Asked, request: Request<Incoming>) -> Result<Reply, Problem> {
    let key = authorize::key(&api.keys, request.headers())?;
    if asked.is_batch {
        batch::batch(api, asked, key, request).await
    } else {
        accept::message(api, asked, &key, request).await
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
