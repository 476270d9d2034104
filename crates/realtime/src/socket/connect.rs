//! Who may connect, and from where in the stream.

use std::str::FromStr;
use std::time::SystemTime;

use waypost_queue::Position;
use waypost_token::Refused;

use super::packet::{Auth, Unreadable};
use crate::answer::sentence;
use crate::app::App;
use crate::hub::Subscription;
use crate::limits::Pass;

/// Why a client is not connected.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) message: String,
    /// For programs: the same words as over HTTP.
    pub(super) code: &'static str,
}

impl Refusal {
    fn new(message: impl Into<String>, code: &'static str) -> Self {
        let message = message.into();
        Self { message, code }
    }
}

/// Checks what a client shows.
pub(super) fn admit(
    app: &App,
    auth: Result<Auth, Unreadable>,
) -> Result<(Subscription, Pass), Refusal> {
    let auth = auth.map_err(|Unreadable| {
        let message = "`auth` may have `token` and `position`, both texts, and nothing else.";
        Refusal::new(message, "invalid")
    })?;
    let Some(token) = auth.token.filter(|token| !token.is_empty()) else {
        return Err(Refusal::new("Send a token: `auth: { token }`.", "no-token"));
    };
    let claims = app.tokens.verify(&token, SystemTime::now());
    let claims = claims.map_err(|refused| {
        let code = match refused {
            Refused::Invalid => "invalid-token",
            Refused::Expired => "expired-token",
        };
        Refusal::new(sentence(&refused), code)
    })?;
    let after = auth.position.as_deref().map(Position::from_str);
    let after = after.transpose();
    let after = after.map_err(|wrong| Refusal::new(sentence(&wrong), "invalid"))?;
    let place = app.limits.admit_token(&claims);
    let place = place.map_err(|many| Refusal::new(sentence(&many), "too-many"))?;
    tracing::debug!(subject = claims.subject, "a client listens");
    let subscription = app.hub.subscribe(&claims.scope, after, claims.expires);
    Ok((subscription, place))
}
