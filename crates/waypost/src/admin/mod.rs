//! The admin plane at the command line: what the operator asks at night, and does about it. All of it talks gRPC with
//! `waypost-monitor`.
//!
//! In reading order:
//!
//! - `cli`: commands and flags. `reach`: which monitor, with which token. `session`: the connection.
//! - `stats`, `pause`, `clear`: queues. `dead`: dead letters. `message`: messages, and the story of one. `number`, `audit`.
//! - `tail`: events as they happen, which come from the realtime service.
//! - `screen`, `text`, `hold`: how an answer looks, as text or JSON. `page`: lists that come in pages.
//! - `confirm`: asking first. `fault`: one line that says what to do, and the exit code.
//! - `completions`: scripts for shells.

mod audit;
mod clear;
pub(crate) mod cli;
mod completions;
mod confirm;
mod dead;
pub(crate) mod fault;
mod hold;
mod message;
mod number;
mod page;
mod pause;
mod reach;
mod screen;
mod session;
mod stats;
mod tail;
mod text;

use cli::Command;
use fault::Fault;
use session::Session;

pub(crate) async fn command(command: &Command) -> Result<(), Fault> {
    match command {
        Command::Stats(to) => stats::command(&Session::open(&to.access).await?, &to.what).await,
        Command::Pause(to) => pause::pause(&Session::open(&to.access).await?, &to.what).await,
        Command::Resume(to) => pause::resume(&Session::open(&to.access).await?, &to.what).await,
        Command::Clear(to) => clear::command(&Session::open(&to.access).await?, &to.what).await,
        Command::Dead(of) => {
            dead::check(&of.what)?;
            dead::command(&Session::open(&of.access).await?, &of.what).await
        }
        Command::Message(of) => message::command(&Session::open(&of.access).await?, &of.what).await,
        Command::Number(of) => number::command(&Session::open(&of.access).await?, &of.what).await,
        Command::Send(to) => message::send(&Session::open(&to.access).await?, &to.what).await,
        Command::Tail(to) => {
            tail::command(&Session::open(&to.access).await?, &to.access, &to.what).await
        }
        Command::Audit(to) => audit::command(&Session::open(&to.access).await?, &to.what).await,
        Command::Completions(arguments) => {
            completions::command(arguments);
            Ok(())
        }
    }
}
