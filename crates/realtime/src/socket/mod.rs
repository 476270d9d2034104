//! Socket.IO, on engineioxide.
//!
//! engineioxide has sessions, long polling, WebSockets, the upgrade between them and heartbeats. What is above is here, in reading
//! order: `request`, what of a request it gets; `packet`, what is said; `handler`, what it calls, and a session from begin to end;
//! `connect`, who may; `pump`, from the hub to the client; `pace`, how fast.

mod connect;
mod handler;
mod pace;
mod packet;
mod pump;
mod request;

use std::sync::Arc;
use std::time::Duration;

use engineioxide::config::EngineIoConfig;
use engineioxide::service::EngineIoService;
use http::header::CACHE_CONTROL;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use crate::answer::{Body, Problem};
use crate::app::App;
use crate::limits::Pass;
use handler::Handler;

/// Where it is served.
pub(crate) const PATH: &str = "/socket.io/";

/// Largest message of a client, and largest body of what it posts: a CONNECT with its token.
const LARGEST: usize = 16 << 10;
/// How long such a body may take.
const POST: Duration = Duration::from_secs(10);
/// More than is ever given for one poll. What is too much the engine would put aside for the next one, and forget when the client has
/// become a WebSocket by then. What clients post is bounded by [`LARGEST`].
const POLL: u64 = 1 << 30;
/// Clients send next to nothing, and each has such a buffer.
const READ_BUFFER: usize = 512;

/// All sessions. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Sockets {
    engine: EngineIoService<Handler>,
    tasks: TaskTracker,
    stop: CancellationToken,
    most: usize,
}

impl Sockets {
    /// With at most so many sessions: a connection that has become a WebSocket is counted by nobody else.
    pub(crate) fn new(app: Arc<App>, most: usize) -> Self {
        let config = EngineIoConfig::builder()
            .req_path(PATH)
            .max_buffer_size(pace::BUFFER)
            .max_payload(POLL)
            .ws_read_buffer_size(READ_BUFFER)
            .ws_max_message_size(LARGEST)
            .ws_max_frame_size(LARGEST)
            .build();
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let handler = Handler {
            app,
            tasks: tasks.clone(),
            stop: stop.clone(),
        };
        Self {
            engine: EngineIoService::with_config(Arc::new(handler), config),
            tasks,
            stop,
            most,
        }
    }

    /// Answers a request to [`PATH`]. `place` is the address's, of a request that begins a session; it is kept as long as the session.
    pub(crate) async fn answer(
        &self,
        request: Request<Incoming>,
        place: Option<Pass>,
    ) -> Result<Response<Body>, Problem> {
        if place.is_some() && self.tasks.len() >= self.most {
            return Err(Problem::full());
        }
        let posts = *request.method() == Method::POST;
        let answer = self.engine.clone().oneshot(request::bare(request, place)?);
        let answer = match posts {
            true => timeout(POST, answer).await.map_err(|_| late())?,
            false => answer.await,
        };
        let Ok(mut response) = answer;
        let no_store = HeaderValue::from_static("no-store");
        response.headers_mut().insert(CACHE_CONTROL, no_store);
        Ok(response.map(|body| body.map_err(|never| match never {}).boxed_unsync()))
    }

    /// Ends the sessions that have not connected. The hub ends the others.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }

    /// Waits until every session has ended, each of which was told to; or until they have had their time.
    pub(crate) async fn ended(&self, patience: Duration) {
        self.tasks.close();
        if timeout(patience, self.tasks.wait()).await.is_err() {
            tracing::warn!(sessions = self.tasks.len(), "sessions are cut");
        }
    }
}

fn late() -> Problem {
    let detail = "The body did not come in time.";
    Problem::new(StatusCode::REQUEST_TIMEOUT, "timeout", "Too slow", detail)
}
