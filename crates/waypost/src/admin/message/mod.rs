//! `waypost message`: what became of messages, and `waypost send`.

mod decide;
mod list;
mod parts;
mod send;
mod story;
#[cfg(test)]
mod tests;
mod timeline;

use waypost_rpc::v1::MessageServiceGetRequest;

use super::cli::Message;
use super::fault::Fault;
use super::session::Session;

pub(crate) use parts::{Rows, error_lines, payload};
pub(crate) use send::send;

pub(crate) async fn command(session: &Session, command: &Message) -> Result<(), Fault> {
    match command {
        Message::Show(arguments) => {
            let request = MessageServiceGetRequest {
                id: arguments.id.clone(),
                include_payload: arguments.payload,
            };
            let answer = session.call(session.messages().get(request)).await?;
            session
                .screen
                .show(&answer, |look| story::tell(&answer, look));
            Ok(())
        }
        Message::List(arguments) => list::command(session, arguments).await,
        Message::Decide(arguments) => decide::command(session, arguments).await,
    }
}
