//! `RealtimeService`.

use std::time::Duration;

use serde_json::{Value, json};
use tonic::{Request, Response, Status};
use waypost_rpc::v1::realtime_service_server::RealtimeService;
use waypost_rpc::v1::{IssueTokenRequest, IssueTokenResponse};
use waypost_token::{Claims, Scope, ScopeFault, TTL};

use crate::call::{self, Call};
use crate::convert::time::stamp;
use crate::fault;
use crate::plane::Plane;

/// The service.
pub(crate) struct Realtime(pub(crate) Plane);

#[tonic::async_trait]
impl RealtimeService for Realtime {
    async fn issue_token(
        &self,
        request: Request<IssueTokenRequest>,
    ) -> Result<Response<IssueTokenResponse>, Status> {
        let (plane, call) = (self.0.clone(), Call::admit(request)?);
        let issued = self.0.to_its_end(async move { issue(&plane, call).await });
        issued.await.map(Response::new)
    }
}

async fn issue(plane: &Plane, call: Call<IssueTokenRequest>) -> Result<IssueTokenResponse, Status> {
    let claims = claims(&call)?;
    let target = format!("events {}", call.message.numbers.join(", "));
    let change = plane
        .audit
        .begin("RealtimeService.IssueToken", &call, target, Value::Null)
        .await?;
    let issued = plane.tokens.as_ref().ok_or_else(no_secret).map(|tokens| {
        let url = plane.realtime_url.as_ref();
        IssueTokenResponse {
            token: tokens.issue(&claims),
            expires_at: Some(stamp(claims.expires)),
            url: url.map(ToString::to_string).unwrap_or_default(),
        }
    });
    // Its id, by which the realtime service counts connections; the token itself is a secret.
    let after = json!({ "id": claims.id, "expires": claims.expires_unix() });
    change.end_with(issued, |_| after).await
}

/// What the token will say.
fn claims(call: &Call<IssueTokenRequest>) -> Result<Claims, Status> {
    let asked = &call.message;
    let contact = match asked.contact.as_str() {
        "" => None,
        contact => Some(call::id("contact", contact)?),
    };
    let account = Some(asked.account.clone()).filter(|account| !account.is_empty());
    let scope = Scope::new(asked.numbers.clone(), contact, account).map_err(contradiction)?;
    let subject = match asked.subject.as_str() {
        "" => format!("admin:{}", call.caller.name),
        subject => subject.to_owned(),
    };
    let ttl = match asked.ttl_seconds {
        0 => TTL,
        seconds => Duration::from_secs(seconds.into()),
    };
    Ok(Claims::new(subject, scope, ttl))
}

/// Fields of which each is right, and which mean nothing together.
fn contradiction(unfit: ScopeFault) -> Status {
    let (field, description) = match unfit {
        ScopeFault::ContactWithout => ("contact", "goes with exactly one number"),
        ScopeFault::Both => ("contact", "excludes account, and \"*\" excludes both"),
        ScopeFault::NotAnAccount => ("account", "must be the id of an account"),
        ScopeFault::NoNumber | ScopeFault::ManyNumbers | ScopeFault::NotANumber => {
            let most = "must be 1 to 64 ids of numbers, or \"*\" alone for everything";
            ("numbers", most)
        }
    };
    fault::wrong(field, description)
}

fn no_secret() -> Status {
    fault::precondition(
        "NO_REALTIME_SECRET",
        "there is nothing to sign a token with: set realtime.secrets, here and at the realtime service alike; `openssl rand -base64 32` makes one",
    )
}
