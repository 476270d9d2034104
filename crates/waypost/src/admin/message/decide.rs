//! `waypost message decide`: about a message whose outcome nobody knows.

use waypost_rpc::v1::{DecideRequest, Decision, MessageServiceGetRequest};

use crate::admin::cli::Decide;
use crate::admin::confirm::confirm;
use crate::admin::fault::Fault;
use crate::admin::session::Session;
use crate::admin::text::clean;

pub(super) async fn command(session: &Session, arguments: &Decide) -> Result<(), Fault> {
    let phone_number_id = match &arguments.number {
        Some(number) => number.clone(),
        None => number_of(session, &arguments.id).await?,
    };
    let (decision, question) = match arguments.decision.resend {
        true => (
            Decision::Resend,
            "This sends it again; should Meta have had it the first time, it arrives twice.",
        ),
        false => (
            Decision::GiveUp,
            "This gives it up: it becomes a dead letter, and is not sent unless it is replayed.",
        ),
    };
    confirm(question, arguments.yes).await?;
    let request = DecideRequest {
        id: arguments.id.clone(),
        decision: decision.into(),
        phone_number_id,
    };
    let answer = session.call(session.messages().decide(request)).await?;
    session.screen.show(&answer, |_| {
        let id = clean(&arguments.id);
        match answer.decided() {
            Decision::GiveUp => format!("Given up. `waypost dead show {id}` shows it.\n"),
            _ => format!("It is sent again. `waypost message show {id}` tells how it goes.\n"),
        }
    });
    Ok(())
}

/// The protocol wants the number too, which is where the message is looked for.
async fn number_of(session: &Session, id: &str) -> Result<String, Fault> {
    let request = MessageServiceGetRequest {
        id: id.to_owned(),
        include_payload: false,
    };
    let answer = session.call(session.messages().get(request)).await?;
    Ok(answer.message.unwrap_or_default().phone_number_id)
}
