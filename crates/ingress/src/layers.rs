//! The tower layers around a request: the one list, outermost first.

use std::convert::Infallible;
use std::sync::Arc;

use http::{Request, Response, Version};
use hyper::body::Incoming;
use tower::{Service, ServiceBuilder};
use waypost_runtime::layers::{CatchPanicLayer, Identified, IdentifyLayer};

use crate::answer::{Answer, Body};
use crate::app::App;
use crate::receive;

/// The service of the public listener.
///
/// What is not here is done where it is cheaper or can be more exact: connections and heads are limited by the
/// accept loop, bodies by `body`, and concurrency by what is measured in bytes (`body`'s memory, the enqueuer's
/// queue) rather than in requests.
pub(crate) fn service(
    app: Arc<App>,
) -> impl Service<Request<Incoming>, Response = Response<Body>, Error = Infallible, Future: Send>
+ Clone
+ Send
+ 'static {
    let panicked = Arc::clone(&app.panicked);
    ServiceBuilder::new()
        // Outermost, so that even the answer for a panic carries its X-Request-Id.
        .layer(IdentifyLayer)
        // Around all work on a request: a panic costs that request and neither its connection nor the process.
        .layer(CatchPanicLayer::new(broken, panicked))
        .service_fn(move |identified: Identified<Incoming>| {
            let app = Arc::clone(&app);
            // Boxed once, because it is 2 KiB and would be moved through every layer above, and through hyper:
            // measured, the one allocation costs less than the copies.
            Box::pin(async move {
                let version = identified.request.version();
                let answer = receive::receive(&app, identified).await;
                Ok(answer.into_response(version))
            })
        })
}

fn broken() -> Response<Body> {
    Answer::Internal.into_response(Version::HTTP_11)
}
