//! Which request this is.

use http::Method;
use hyper::body::Incoming;
use waypost_runtime::layers::Identified;

use crate::answer::Answer;
use crate::app::App;
use crate::{accept, verify};

/// The one path that is served.
pub(crate) const WEBHOOK: &str = "/webhook";

/// Routes a request to the handshake or to the acceptance of a webhook.
pub(crate) async fn receive(app: &App, identified: Identified<Incoming>) -> Answer {
    let Identified { id, request } = identified;
    if request.uri().path() != WEBHOOK {
        return Answer::NotFound;
    }
    match *request.method() {
        Method::POST => accept::accept(app, id, request).await,
        Method::GET => verify::handshake(request.uri().query().unwrap_or(""), &app.verify_tokens),
        _ => Answer::MethodNotAllowed,
    }
}
