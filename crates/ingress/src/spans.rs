//! The spans of both ways in. `docs/TRACES.md` has the table.

use http::StatusCode;
use uuid::Uuid;
use waypost_telemetry::trace::{self, Context, Kind, Span, names};

/// Whether a webhook went to disk because Redis was away.
pub(crate) const SPOOLED: &str = "waypost.spooled";

/// A request: the first span of `id`.
pub(crate) fn request(
    name: &'static str,
    route: &'static str,
    scheme: &'static str,
    id: Uuid,
    sender: Context,
) -> Span {
    trace::first(name, id, sender)
        .kind(Kind::Server)
        .attr(names::HTTP_METHOD, "POST")
        .attr(names::HTTP_ROUTE, route)
        .attr(names::URL_SCHEME, scheme)
}

/// How a request was answered. What its sender did wrong is no error of ours.
pub(crate) fn answered(span: &mut Span, status: StatusCode) {
    span.set(names::HTTP_STATUS, status.as_u16());
    if status.is_server_error() {
        span.set(names::ERROR_TYPE, status.as_u16());
        span.error("answered with an error of ours");
    }
}

/// Handing `id` over to a queue. Whoever takes it from there goes on below this.
pub(crate) fn publish(name: &'static str, queue: &'static str, id: Uuid, parent: Context) -> Span {
    producer(trace::child(name, parent), queue, id)
}

/// The same for a message that came with others in one request: the message's first span. Each has a trace of its own,
/// linked to that of the request, unless the sender brought one for all.
pub(crate) fn publish_one_of(
    name: &'static str,
    queue: &'static str,
    id: Uuid,
    sender: Context,
    request: &mut Span,
) -> Span {
    let span = match sender.is_some() {
        true => trace::first(name, id, request.context()),
        false => trace::first(name, id, sender).link(request.context()),
    };
    if !sender.is_some() {
        request.add_link(span.context());
    }
    producer(span, queue, id)
}

fn producer(span: Span, queue: &'static str, id: Uuid) -> Span {
    span.kind(Kind::Producer)
        .attr(names::MESSAGING_SYSTEM, names::SYSTEM)
        .attr(names::DESTINATION, queue)
        .attr(names::OPERATION_TYPE, "send")
        .attr(names::MESSAGE_ID, id)
}
