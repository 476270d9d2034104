//! The public listener: which request this is, and the layers around it.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use http::{Method, Request, Response};
use hyper::body::Incoming;
use tower::{Service, ServiceBuilder};
use waypost_runtime::layers::{CatchPanicLayer, Identified, IdentifyLayer};

use crate::answer::{Body, Problem, broken};
use crate::app::App;
use crate::limits::Pass;
use crate::{cors, socket, sse};

const EVENTS: &str = "/v1/events";

/// The service of the public listener.
pub(crate) fn service(
    app: Arc<App>,
    sockets: socket::Sockets,
) -> impl Service<Request<Incoming>, Response = Response<Body>, Error = Infallible, Future: Send>
+ Clone
+ Send
+ 'static {
    let panicked = Arc::clone(&app.panicked);
    ServiceBuilder::new()
        .layer(IdentifyLayer)
        .layer(CatchPanicLayer::new(broken, panicked))
        .service_fn(move |identified: Identified<Incoming>| {
            let (app, sockets) = (Arc::clone(&app), sockets.clone());
            Box::pin(async move { Ok(answer(&app, &sockets, identified).await) })
        })
}

async fn answer(
    app: &App,
    sockets: &socket::Sockets,
    identified: Identified<Incoming>,
) -> Response<Body> {
    let Identified { id, request } = identified;
    let origin = match cors::origin(&app.origins, request.headers()) {
        Ok(origin) => origin,
        Err(cors::NotAllowed) => return Problem::origin().into_response(&id),
    };
    let mut response = match route(app, sockets, request).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(&id),
    };
    cors::allow(&mut response, origin);
    response
}

async fn route(
    app: &App,
    sockets: &socket::Sockets,
    request: Request<Incoming>,
) -> Result<Response<Body>, Problem> {
    let path = request.uri().path();
    let known = path == EVENTS || path == socket::PATH;
    match *request.method() {
        _ if !known => Err(Problem::not_found(
            "There are GET /v1/events (server-sent events) and /socket.io/ (Socket.IO).",
        )),
        Method::OPTIONS => Ok(cors::preflight()),
        Method::GET if path == EVENTS => sse::events(app, &request, place(app, &request)?),
        _ if path == EVENTS => Err(Problem::method("GET, OPTIONS")),
        _ => {
            // A place for every session, not for every request of one.
            let begins = !has_session(request.uri().query().unwrap_or_default());
            let place = begins.then(|| place(app, &request)).transpose()?;
            sockets.answer(request, place).await
        }
    }
}

/// A place for the client's address.
fn place<B>(app: &App, request: &Request<B>) -> Result<Pass, Problem> {
    let address = app.address(request);
    let address = address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    app.limits.admit_address(address).map_err(Problem::too_many)
}

fn has_session(query: &str) -> bool {
    form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "sid")
}
