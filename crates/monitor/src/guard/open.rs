//! Streams that anybody may open: only so many, and only for so long.
//!
//! Health can be watched and reflection is a dialogue, both without a token. A stream keeps its connection, and connections are
//! counted: without a bound, strangers could hold all of them.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body::{Body as HttpBody, Frame};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Sleep, sleep};
use tonic::Status;
use tonic::body::Body;

/// Streams at once.
const AT_ONCE: usize = 64;
/// How long each may last. Whoever watches asks again.
const LONGEST: Duration = Duration::from_secs(60);

/// The places for such streams.
#[derive(Clone, Debug)]
pub(super) struct Places(Arc<Semaphore>);

impl Default for Places {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Places {
    /// A place, if there is one.
    pub(super) fn take(&self) -> Option<Place> {
        Arc::clone(&self.0).try_acquire_owned().ok().map(Place)
    }
}

/// The answer when there is none.
pub(super) fn full() -> Response<Body> {
    let text = "too many watch already without a token: ask again in a minute";
    Status::resource_exhausted(text).into_http()
}

/// A place, kept while a stream lasts.
pub(super) struct Place(OwnedSemaphorePermit);

impl Place {
    /// The body, for as long as it may last.
    pub(super) fn bound(self, body: Body) -> Body {
        Body::new(Bounded {
            body: Some((body, self.0)),
            end: Box::pin(sleep(LONGEST)),
        })
    }
}

struct Bounded {
    /// None once its time was over.
    body: Option<(Body, OwnedSemaphorePermit)>,
    end: Pin<Box<Sleep>>,
}

impl HttpBody for Bounded {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Some((body, _)) = &mut self.body else {
            return Poll::Ready(None);
        };
        if let Poll::Ready(frame) = Pin::new(body).poll_frame(cx) {
            return Poll::Ready(frame);
        }
        if self.end.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.body = None;
        let mut trailers = HeaderMap::new();
        let over = Status::unavailable("a stream without a token lasts a minute: ask again");
        Poll::Ready(Some(
            over.add_header(&mut trailers)
                .map(|()| Frame::trailers(trailers)),
        ))
    }

    fn is_end_stream(&self) -> bool {
        match &self.body {
            Some((body, _)) => body.is_end_stream(),
            None => true,
        }
    }
}
