//! A call for the traces.

use http::{HeaderName, Request};
use tonic::Code;
use waypost_runtime::RequestId;
use waypost_telemetry::trace::{self, Context, Kind, Span, names};

use super::method::Named;
use super::noted::Note;

/// Where a caller says which trace it is in.
pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Its span; none for what is asked all the time.
pub(crate) struct Traced(Option<Span>);

impl Note for Traced {
    fn begin<B>(request: &mut Request<B>) -> Self {
        let name = Named::at(request.uri().path()).span;
        let span = name.map(|name| span(name, request));
        if let Some(span) = &span {
            request.extensions_mut().insert(span.context());
        }
        Self(span)
    }

    fn ended(&mut self, code: Code) {
        let Some(span) = &mut self.0 else { return };
        let name = name(code);
        span.set(names::RPC_STATUS, name);
        if code != Code::Ok {
            span.set(names::ERROR_TYPE, name);
        }
        if is_ours(code) {
            span.error(code.description());
        }
    }
}

/// The trace has the id of the request, unless the caller brought one.
fn span<B>(name: &'static str, request: &Request<B>) -> Span {
    let brought = request.headers().get(TRACEPARENT);
    let brought = brought.and_then(|value| value.to_str().ok());
    let id = request.extensions().get::<RequestId>().copied();
    let id = id.unwrap_or_else(RequestId::new).uuid();
    trace::first(name, id, Context::parse(brought.unwrap_or_default()))
        .kind(Kind::Server)
        .attr(names::RPC_SYSTEM, "grpc")
        .attr(names::RPC_METHOD, name)
        .attr(names::REQUEST_ID, id)
}

/// Whether it is the server that failed, by the conventions for traces.
const fn is_ours(code: Code) -> bool {
    matches!(
        code,
        Code::Unknown
            | Code::DeadlineExceeded
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
    )
}

/// The name of a code, as gRPC writes it.
const fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
