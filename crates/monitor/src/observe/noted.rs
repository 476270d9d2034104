//! One call, from its begin to its end.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tonic::body::Body;
use tonic::{Code, Status};

use super::Misread;

/// Takes note of a call.
pub(crate) trait Note: Send + Unpin + 'static {
    /// It comes.
    fn begin<B>(request: &mut Request<B>) -> Self;

    /// Its answer begins, or never will.
    fn begun(&mut self) {}

    /// It has ended.
    fn ended(&mut self, code: Code);
}

/// A call under way. It has ended when this is dropped: without a status, its caller had left.
pub(super) struct Noted<N: Note> {
    note: N,
    has_begun: bool,
    code: Option<Code>,
    misread: Option<Misread>,
}

impl<N: Note> Noted<N> {
    pub(super) fn begin<B>(request: &mut Request<B>) -> Self {
        Self {
            note: N::begin(request),
            has_begun: false,
            code: None,
            misread: request.extensions().get::<Misread>().cloned(),
        }
    }

    /// The answer has begun. A status in its headers is all of it; otherwise one comes behind the body.
    pub(super) fn answered(mut self, response: Response<Body>) -> Response<Body> {
        self.has_begun = true;
        self.note.begun();
        self.hear(response.headers());
        match self.code {
            Some(_) => response,
            None => response.map(|body| Body::new(Heard { body, noted: self })),
        }
    }

    fn hear(&mut self, headers: &HeaderMap) {
        if let Some(code) = headers.get(Status::GRPC_STATUS) {
            self.code = Some(Code::from_bytes(code.as_bytes()));
        }
    }

    fn outcome(&self) -> Code {
        if self.misread.as_ref().is_some_and(Misread::is_said) {
            return Code::InvalidArgument;
        }
        self.code.unwrap_or(Code::Cancelled)
    }
}

impl<N: Note> Drop for Noted<N> {
    fn drop(&mut self) {
        if !self.has_begun {
            self.note.begun();
        }
        self.note.ended(self.outcome());
    }
}

/// A body behind which the status comes.
struct Heard<N: Note> {
    body: Body,
    noted: Noted<N>,
}

impl<N: Note> HttpBody for Heard<N> {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(trailers) = frame.trailers_ref() {
                    self.noted.hear(trailers);
                }
            }
            Some(Err(status)) => self.noted.code = Some(status.code()),
            None => {}
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
