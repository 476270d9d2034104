//! HTTP/JSON over the gRPC services.
//!
//! A transcoder: a request becomes the message of the method that its route leads to, the message goes through the guard to the
//! same service that gRPC callers reach, and what comes back becomes JSON. Nothing is decided here but what HTTP is about.
//!
//! In reading order: `routes`, which method a path leads to; `request`, its message, from path, `query` and `body`, each measured
//! by `fit`; `call` with its `codec`; `answer`, or many in `lines`; and what goes wrong: a `problem` of a `kind`, often made from
//! the `status` of gRPC.

mod answer;
mod body;
mod call;
mod codec;
mod fit;
mod kind;
mod lines;
mod problem;
mod query;
mod request;
mod routes;
mod status;
#[cfg(test)]
mod tests;

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use tower::Service;
use waypost_runtime::RequestId;

use self::answer::Answer;
use self::call::Call;
use self::problem::Problem;

pub(crate) use self::fit::{TIMESTAMP, range, words};
pub(crate) use self::kind::Kind;
pub(crate) use self::lines::LINES;
pub(crate) use self::routes::Rest;

/// What went wrong while a body was read or written.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The body of every answer over HTTP.
pub(crate) type Body = UnsyncBoxBody<Bytes, BoxError>;

/// The way from HTTP/JSON to the services. Clones are the same gateway if those of the services are.
#[derive(Clone, Debug)]
pub(crate) struct Gateway<S> {
    services: S,
}

/// What the gateway leads to: gRPC, in this process.
pub(crate) trait Services:
    Service<
        Request<tonic::body::Body>,
        Response = Response<tonic::body::Body>,
        Error = Infallible,
        Future: Send,
    > + Clone
    + Send
    + 'static
{
}

impl<S> Services for S where
    S: Service<
            Request<tonic::body::Body>,
            Response = Response<tonic::body::Body>,
            Error = Infallible,
            Future: Send,
        > + Clone
        + Send
        + 'static
{
}

impl<S: Services> Gateway<S> {
    /// Answers a request. Its extensions, like the peer's address, are handed on to the services.
    pub(crate) async fn answer<B>(&self, request: Request<B>) -> Response<Body>
    where
        B: http_body::Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<BoxError>,
    {
        let known = request.extensions().get::<RequestId>().copied();
        let id = known.unwrap_or_else(RequestId::new);
        // Boxed: it holds the whole call, and whoever awaits this would hold it again.
        let answer = Box::pin(reply(self.services.clone(), id, request)).await;
        answer.unwrap_or_else(Answer::from).into_response(id)
    }
}

impl<S> Gateway<S> {
    /// A gateway to the guarded services.
    pub(crate) fn new(services: S) -> Self {
        Self { services }
    }
}

async fn reply<S, B>(services: S, id: RequestId, request: Request<B>) -> Result<Answer, Problem>
where
    S: Services,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    let found = routes::find(request.method(), request.uri().path())?;
    let (parts, body) = request.into_parts();
    let method = found.method;
    let in_lines = lines::accepted(&parts.headers);
    let call = Call::new(method, id, &parts)?;
    // Not polled before the guard has let the call pass: for strangers nothing is read.
    let message = request::read(found, parts.uri, parts.headers, body);
    let message = Box::pin(message);
    if !method.is_stream() {
        call.once(services, message).await
    } else if in_lines {
        call.lines(services, message, id).await
    } else {
        call.first(services, message).await
    }
}
