//! Socket.IO.

use std::sync::Arc;

use http::{Request, Response};
use hyper::body::Incoming;

use crate::answer::{Body, Problem};
use crate::app::App;
use crate::limits::Pass;

/// All Socket.IO sessions. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Sockets(Arc<App>);

impl Sockets {
    pub(crate) fn new(app: Arc<App>) -> Self {
        Self(app)
    }

    /// Answers a request to `/socket.io/`. `place` is the address's, of a request that begins a session.
    pub(crate) async fn answer(
        &self,
        _request: Request<Incoming>,
        _place: Option<Pass>,
    ) -> Response<Body> {
        let _ = &self.0;
        Problem::not_found("not yet").into_response(&waypost_runtime::RequestId::new())
    }
}
