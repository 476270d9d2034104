//! Answers that end when their token is withdrawn.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame};
use tonic::Status;
use tonic::body::Body;
use waypost_runtime::keys::{Key, KeyRing};

use super::refusal::Refusal;
use super::{Keys, RoleGrant};

/// A token, and the file it stood in.
pub(super) struct Held {
    tokens: Keys,
    key: Arc<Key<RoleGrant>>,
    /// The tokens in which it was seen last, so that nothing is compared while the file is the same.
    seen: Arc<KeyRing<RoleGrant>>,
}

impl Held {
    pub(super) fn new(tokens: Keys, key: Arc<Key<RoleGrant>>) -> Self {
        // Not the tokens now: the file may have changed since the key was found.
        let seen = Arc::new(KeyRing::default());
        Self { tokens, key, seen }
    }

    /// Whether the token is still good, for the same as before.
    fn still(&mut self) -> bool {
        let now = self.tokens.current();
        if !Arc::ptr_eq(&now, &self.seen) {
            if !now.holds(&self.key) {
                return false;
            }
            self.seen = now;
        }
        true
    }

    /// The body, which goes on while this is held. It is looked at with every message.
    pub(super) fn wrap(self, body: Body) -> Body {
        Body::new(WhileHeld {
            body,
            held: Some(self),
        })
    }
}

struct WhileHeld {
    body: Body,
    /// None once it was withdrawn: that was the end.
    held: Option<Held>,
}

impl HttpBody for WhileHeld {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.held.is_none() {
            return Poll::Ready(None);
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if !self.held.as_mut().is_some_and(Held::still) {
            self.held = None;
            let mut trailers = HeaderMap::new();
            return Poll::Ready(Some(
                Refusal::TokenUnknown
                    .status()
                    .add_header(&mut trailers)
                    .map(|()| Frame::trailers(trailers)),
            ));
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.held.is_none() || self.body.is_end_stream()
    }
}
