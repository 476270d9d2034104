//! `waypost dead replay` and `waypost dead purge`: by id, by filter, or all.

use waypost_rpc::v1::{DeadLetterFilter, PurgeRequest, ReplayRequest};

use crate::admin::cli::{Bulk, Purge, Replay};
use crate::admin::confirm::confirm;
use crate::admin::fault::{Fault, Kind};
use crate::admin::session::Session;
use crate::admin::text::{clean, counted, time};

pub(super) async fn replay(session: &Session, arguments: &Replay) -> Result<(), Fault> {
    let which = &arguments.which;
    let mut request = ReplayRequest {
        ids: which.ids.clone(),
        filter: chosen(which)?,
        dry_run: true,
        rate_per_second: arguments.rate,
    };
    // Who names them knows what they do; of a filter one wants to know how many it takes.
    if which.dry_run || which.ids.is_empty() {
        let planned = session
            .patiently(session.dead_letters().replay(request.clone()))
            .await?;
        if which.dry_run {
            session.screen.show(&planned, |_| {
                format!("Would put back {}.\n", letters(planned.replayed))
            });
            return missing(&planned.not_found);
        }
        let question = format!(
            "This puts {} back into their queue{}.",
            letters(planned.replayed),
            long(planned.replayed, arguments.rate)
        );
        confirm(&question, which.yes).await?;
    }
    request.dry_run = false;
    let answer = session
        .patiently(session.dead_letters().replay(request))
        .await?;
    session.screen.show(&answer, |_| {
        format!("Put back {}.\n", letters(answer.replayed))
    });
    missing(&answer.not_found)
}

pub(super) async fn purge(session: &Session, arguments: &Purge) -> Result<(), Fault> {
    let which = &arguments.which;
    let mut request = PurgeRequest {
        ids: which.ids.clone(),
        filter: chosen(which)?,
        dry_run: true,
        confirmation_token: String::new(),
    };
    let planned = session
        .patiently(session.dead_letters().purge(request.clone()))
        .await?;
    let plan = planned.plan.clone().unwrap_or_default();
    let known = which.ids.len().saturating_sub(planned.not_found.len());
    let would = match which.ids.is_empty() {
        true => plan.would_purge,
        false => u64::try_from(known).unwrap_or(u64::MAX),
    };
    if which.dry_run {
        session.screen.show(&planned, |_| {
            format!("Would throw away {}.\n", letters(would))
        });
        return missing(&planned.not_found);
    }
    if would > 0 {
        let question = format!("This throws away, for good, {}.", letters(would));
        confirm(&question, which.yes).await?;
    }
    request.dry_run = false;
    request.confirmation_token = plan.confirmation_token;
    let answer = session
        .patiently(session.dead_letters().purge(request))
        .await?;
    session.screen.show(&answer, |_| {
        format!("Threw away {}.\n", letters(answer.purged))
    });
    missing(&answer.not_found)
}

/// What was chosen, which must be something: "all" has to be said.
pub(super) fn chosen(which: &Bulk) -> Result<Option<DeadLetterFilter>, Fault> {
    let filter = super::filter(&which.filter);
    let filtered = filter != DeadLetterFilter::default();
    match (which.ids.is_empty(), filtered, which.all) {
        (false, false, _) => Ok(None),
        (true, true, _) | (true, false, true) => Ok(Some(filter)),
        (false, true, _) => Err(Fault::usage("give ids or a filter, not both")),
        (true, false, false) => Err(Fault::usage(
            "which dead letters? Give ids, or a filter like --class exhausted, or --all",
        )),
    }
}

/// Ids that are no dead letters are told, and the exit code tells it too.
fn missing(ids: &[String]) -> Result<(), Fault> {
    if ids.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = ids.iter().map(|id| clean(id)).collect();
    let text = format!("no dead letters, or not any more: {}", ids.join(", "));
    Err(Fault::new(Kind::NotFound, text))
}

fn letters(number: u64) -> String {
    counted(number, "dead letter")
}

/// How long it takes at a rate; said, because the command runs that long.
fn long(number: u64, rate: f64) -> String {
    if rate <= 0.0 {
        return String::new();
    }
    // Precise enough for words.
    let seconds = f64::from(u32::try_from(number).unwrap_or(u32::MAX)) / rate;
    format!(", which takes about {}", time::span(seconds))
}
