//! Heads that are not to be sent now: expired, orphaned, overdue, unreadable.

use std::time::{Duration, SystemTime};

use waypost_model::{DeadClass, OnUnknown, SendState};
use waypost_queue::{Cause, EnvelopeError, How, Outgoing, Progress, Signal, Turn};
use waypost_telemetry::{About, say};

use crate::context::Context;
use crate::outcome::{Outcome, error_of, fact};

/// How long to wait for the inbox before looking again.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// How long an entry of a newer version waits for a dispatcher that knows it.
const NEWER_VERSION: Duration = Duration::from_secs(30);

/// Decides about a head that is not to be sent; `None` when it is.
pub(crate) async fn decide(context: &Context, turn: Turn) -> Result<Outcome, Turn> {
    match turn.cause {
        Cause::Send | Cause::Probe => match &turn.outgoing {
            Ok(_) => Err(turn),
            Err(EnvelopeError::Version(_)) => Ok(newer(turn)),
            Err(why) => {
                let why = format!("unreadable entry: {why}");
                Ok(bury(turn, DeadClass::Rejected, &why))
            }
        },
        Cause::Expired { stopped: false } => Ok(bury(
            turn,
            DeadClass::Expired,
            "its time was over before its turn came",
        )),
        Cause::Expired { stopped: true } => Ok(bury(
            turn,
            DeadClass::NumberStopped,
            "its time was over while its number was stopped",
        )),
        Cause::Orphaned => Ok(orphaned(context, turn)),
        Cause::Overdue => Ok(overdue(context, turn).await),
    }
}

fn newer(turn: Turn) -> Outcome {
    say!(
        error,
        About::default().message(turn.id()),
        "a message of a newer version of Waypost is put off; update this dispatcher"
    );
    let progress = turn.progress.clone();
    let how = How::Later {
        delay: NEWER_VERSION,
        progress,
    };
    Outcome::quiet(turn, how)
}

fn bury(turn: Turn, class: DeadClass, reason: &str) -> Outcome {
    let progress = turn.progress.clone();
    let mut told = fact(&turn, &progress, SendState::Dead);
    told.class = Some(class);
    told.error_message = Some(reason.to_owned());
    let how = How::Bury {
        class,
        reason: reason.to_owned(),
        progress,
    };
    Outcome {
        fact: Some(told),
        ..Outcome::quiet(turn, how)
    }
}

/// The dispatcher that had it has died. It may have sent it, so that counts as an attempt of which nothing is known.
fn orphaned(context: &Context, turn: Turn) -> Outcome {
    let mut progress = turn.progress.clone();
    progress.made += 1;
    progress.attempts += 1;
    progress.lose_sight();
    let (now, wait) = (SystemTime::now(), context.settings.unknown_deadline);
    let mut told = fact(&turn, &progress, SendState::Unknown);
    told.attempted = true;
    told.verdict = "unknown".to_owned();
    told.error_message = Some("the dispatcher that had it died".to_owned());
    told.finished_at = Some(now);
    told.next_at = Some(now + wait);
    progress.note(error_of(&told, now));
    let how = How::Park {
        wait: Some(wait),
        progress,
    };
    Outcome {
        fact: Some(told),
        signal: Signal::None,
        ..Outcome::quiet(turn, how)
    }
}

async fn overdue(context: &Context, turn: Turn) -> Outcome {
    let mut progress = turn.progress.clone();
    if echo_may_wait(context, &mut progress).await {
        let how = How::Park {
            wait: Some(LOOK_AGAIN),
            progress,
        };
        return Outcome::quiet(turn, how);
    }
    let policy = turn
        .outgoing
        .as_ref()
        .map(|Outgoing { on_unknown, .. }| *on_unknown);
    match policy.unwrap_or_default() {
        OnUnknown::Resend if progress.attempts < context.settings.attempts => {
            let mut told = fact(&turn, &progress, SendState::Retrying);
            told.error_message = Some("no echo came; policy is to send again".to_owned());
            let how = How::Later {
                delay: Duration::ZERO,
                progress,
            };
            Outcome {
                fact: Some(told),
                ..Outcome::quiet(turn, how)
            }
        }
        OnUnknown::Hold => {
            let told = fact(&turn, &progress, SendState::Held);
            let how = How::Park {
                wait: None,
                progress,
            };
            Outcome {
                fact: Some(told),
                ..Outcome::quiet(turn, how)
            }
        }
        OnUnknown::Fail | OnUnknown::Resend => bury(
            turn,
            DeadClass::Unknown,
            "nobody knows whether Meta took it, and no echo came",
        ),
    }
}

/// Whether a webhook that came before the deadline may not have been looked at yet. Notes how far the workers have come.
///
/// First every webhook from before the deadline has to be taken out of the inbox, and then every batch that was taken out by
/// then has to be settled, or be with a worker that lives: it tells echoes first and then waits for Postgres, if need be for
/// hours. A dead one's batch is back in the inbox when its lease has ended. While Redis cannot tell, an echo may well wait.
async fn echo_may_wait(context: &Context, progress: &mut Progress) -> bool {
    let Ok(stats) = context.inbox.stats().await else {
        return true;
    };
    let now = SystemTime::now();
    let since = |age: Option<u64>| age.map(|ms| now - Duration::from_millis(ms));
    let overdue_at = *progress.overdue_at.get_or_insert(now);
    if since(stats.oldest_ms).is_some_and(|oldest| oldest <= overdue_at) {
        return true;
    }
    let read_at = *progress.inbox_read_at.get_or_insert(now);
    let nobody_is_dead = read_at + 2 * context.inbox_lease;
    now < nobody_is_dead && since(stats.oldest_batch_ms).is_some_and(|oldest| oldest <= read_at)
}
