//! `waypost stats`: how the queues stand.

mod queues;
#[cfg(test)]
mod tests;
mod view;
mod watch;

use waypost_rpc::v1::GetStatsRequest;

use super::cli::Stats;
use super::fault::Fault;
use super::session::Session;

pub(crate) async fn command(session: &Session, arguments: &Stats) -> Result<(), Fault> {
    if arguments.watch {
        return watch::run(session, arguments).await;
    }
    let request = GetStatsRequest {
        include_numbers: arguments.numbers,
        include_consumers: arguments.consumers,
    };
    let stats = session.call(session.queues().get_stats(request)).await?;
    session.screen.show(&stats, |look| {
        view::view(&stats, arguments, &session.address, look)
    });
    Ok(())
}
