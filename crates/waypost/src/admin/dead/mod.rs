//! `waypost dead`: dead letters.

mod bulk;
mod list;
mod show;
#[cfg(test)]
mod tests;

use waypost_rpc::v1::DeadLetterFilter;

use super::cli::{self, Dead, DeadFilter};
use super::fault::Fault;
use super::session::Session;

pub(crate) async fn command(session: &Session, command: &Dead) -> Result<(), Fault> {
    match command {
        Dead::List(arguments) => list::command(session, arguments).await,
        Dead::Show(arguments) => show::command(session, arguments).await,
        Dead::Replay(arguments) => bulk::replay(session, arguments).await,
        Dead::Purge(arguments) => bulk::purge(session, arguments).await,
    }
}

/// What can be said without asking the monitor.
pub(crate) fn check(command: &Dead) -> Result<(), Fault> {
    match command {
        Dead::Replay(arguments) => bulk::chosen(&arguments.which).map(drop),
        Dead::Purge(arguments) => bulk::chosen(&arguments.which).map(drop),
        Dead::List(_) | Dead::Show(_) => Ok(()),
    }
}

fn filter(flags: &DeadFilter) -> DeadLetterFilter {
    DeadLetterFilter {
        queue: cli::queue(flags.queue),
        class: flags.class.clone(),
        phone_number_id: flags.number.clone(),
        since: flags.period.since,
        until: flags.period.until,
        error_code: flags.error_code,
    }
}
