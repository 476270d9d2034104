//! One call of a service in this process.

use futures_util::future::BoxFuture;
use futures_util::{StreamExt, stream};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::uri::PathAndQuery;
use prost_reflect::DynamicMessage;
use tokio::sync::oneshot;
use tonic::client::Grpc;
use tonic::metadata::MetadataMap;
use tonic::{Extensions, Request, Status, Streaming};
use waypost_rpc::json;
use waypost_rpc::schema::Method;
use waypost_runtime::RequestId;
use waypost_runtime::request_id::X_REQUEST_ID;

use super::answer::{Answer, role};
use super::codec::Dynamic;
use super::kind::Kind;
use super::problem::Problem;
use super::{Services, lines, status};
use crate::observe::{Misread, TRACEPARENT};

/// The message of a call, once somebody asks for it.
pub(super) type Reading = BoxFuture<'static, Result<DynamicMessage, Problem>>;

/// A call that is to be made.
pub(super) struct Call {
    path: PathAndQuery,
    codec: Dynamic,
    metadata: MetadataMap,
    extensions: Extensions,
}

/// Tells what was wrong with the message, should the guard have let the call pass and somebody have asked for it.
type Refusal = oneshot::Receiver<Problem>;

impl Call {
    /// A call of this method, with what the guard and the services are to know of the request.
    ///
    /// # Errors
    /// Never, for methods of the protos.
    pub(super) fn new(method: &Method, id: RequestId, parts: &Parts) -> Result<Self, Problem> {
        let path = PathAndQuery::try_from(method.path.as_str())
            .map_err(|error| internal(error.to_string()))?;
        let mut headers = HeaderMap::new();
        for token in parts.headers.get_all(AUTHORIZATION) {
            headers.append(AUTHORIZATION, token.clone());
        }
        headers.insert(X_REQUEST_ID, id.header_value());
        if let Some(trace) = parts.headers.get(TRACEPARENT) {
            headers.insert(TRACEPARENT, trace.clone());
        }
        Ok(Self {
            path,
            codec: Dynamic {
                output: method.descriptor.output(),
            },
            metadata: MetadataMap::from_headers(headers),
            extensions: parts.extensions.clone(),
        })
    }

    /// A call with one answer.
    pub(super) async fn once<S: Services>(
        self,
        services: S,
        message: Reading,
    ) -> Result<Answer, Problem> {
        let mut grpc = client(services).await;
        let (path, codec) = (self.path.clone(), self.codec.clone());
        let (request, refusal) = self.request(message);
        let answered = grpc.client_streaming(request, path, codec).await;
        let (metadata, message, _) = unless_refused(answered, refusal)?.into_parts();
        told(&message, &metadata)
    }

    /// The first answer of a call with many.
    pub(super) async fn first<S: Services>(
        self,
        services: S,
        message: Reading,
    ) -> Result<Answer, Problem> {
        let (metadata, first, _) = self.begin(services, message).await?;
        told(&first, &metadata)
    }

    /// All answers of a call with many, in lines.
    pub(super) async fn lines<S: Services>(
        self,
        services: S,
        message: Reading,
        id: RequestId,
    ) -> Result<Answer, Problem> {
        let (metadata, first, rest) = self.begin(services, message).await?;
        Ok(Answer::Lines {
            body: lines::body(first, rest, id),
            role: role(&metadata),
        })
    }

    /// Waits for the first of many answers: what fails before it has a status of its own.
    async fn begin<S: Services>(
        self,
        services: S,
        message: Reading,
    ) -> Result<(MetadataMap, DynamicMessage, Streaming<DynamicMessage>), Problem> {
        let mut grpc = client(services).await;
        let (path, codec) = (self.path.clone(), self.codec.clone());
        let (request, refusal) = self.request(message);
        let answered = grpc.streaming(request, path, codec).await;
        let answered = match answered {
            Ok(answered) => answered,
            Err(status) => return Err(refused(&status, refusal)),
        };
        let (metadata, mut rest, _) = answered.into_parts();
        match rest.message().await {
            Ok(Some(first)) => Ok((metadata, first, rest)),
            Ok(None) => Err(internal("the stream ended before it began")),
            Err(status) => Err(refused(&status, refusal)),
        }
    }

    /// The message goes as a stream: so it is asked for, and read, after the guard has let the call pass. One that is wrong ends
    /// the stream before it began.
    fn request(
        mut self,
        message: Reading,
    ) -> (
        Request<impl stream::Stream<Item = DynamicMessage> + Send + 'static>,
        Refusal,
    ) {
        let (tell, refusal) = oneshot::channel();
        let misread = Misread::default();
        self.extensions.insert(misread.clone());
        let message = stream::once(async move {
            match message.await {
                Ok(message) => Some(message),
                Err(problem) => {
                    misread.say();
                    // Nobody listens any more when the caller has left.
                    let _ = tell.send(problem);
                    None
                }
            }
        });
        let message = message.filter_map(std::future::ready);
        let request = Request::from_parts(self.metadata, self.extensions, message);
        (request, refusal)
    }
}

/// A client that takes answers of any size: they are in this process already.
async fn client<S: Services>(services: S) -> Grpc<S> {
    let mut grpc = Grpc::new(services).max_decoding_message_size(usize::MAX);
    let Ok(()) = grpc.ready().await;
    grpc
}

fn unless_refused<T>(answered: Result<T, Status>, refusal: Refusal) -> Result<T, Problem> {
    answered.map_err(|status| refused(&status, refusal))
}

/// What was wrong with the message, or else what the service has said.
fn refused(status: &Status, mut refusal: Refusal) -> Problem {
    refusal
        .try_recv()
        .unwrap_or_else(|_| status::problem(status))
}

fn told(message: &DynamicMessage, metadata: &MetadataMap) -> Result<Answer, Problem> {
    let value = json::write(message).map_err(|error| internal(error.to_string()))?;
    Ok(Answer::Message {
        value,
        role: role(metadata),
    })
}

fn internal(detail: impl Into<String>) -> Problem {
    Problem::new(Kind::Internal, detail)
}
