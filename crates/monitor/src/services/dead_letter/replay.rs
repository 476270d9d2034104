//! `Replay`: each letter once, at the rate asked for, until its caller leaves.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tonic::Status;
use uuid::Uuid;
use waypost_queue::QueueError;
use waypost_rpc::v1::{DeadLetterFilter, Queue, ReplayRequest, ReplayResponse};

use super::letters::{self, PAGE, Wanted};
use super::{begin, ids, required};
use crate::call::Call;
use crate::fault;
use crate::plane::Plane;

/// What a replay is about.
enum Which {
    Ids(Vec<Uuid>),
    Wanted(Box<Wanted>),
}

pub(super) async fn replay(
    plane: &Plane,
    call: Call<ReplayRequest>,
) -> Result<ReplayResponse, Status> {
    let ids = ids(&call.message.ids)?;
    let (filter, rate) = (call.message.filter.clone(), call.message.rate_per_second);
    if call.message.dry_run {
        return planned(plane, &ids, filter).await;
    }
    let which = which(plane, &ids, filter).await?;
    // Told when the caller leaves: then it ends early, and notes how far it came.
    let left = CancellationToken::new();
    let gone = left.clone().drop_guard();
    let owned = plane.clone();
    let work = plane.to_its_end(async move {
        let change = begin(&owned, "DeadLetterService.Replay", &call, &ids).await?;
        let mut done = ReplayResponse::default();
        let result = replay_all(&owned, which, pace(rate), &left, &mut done).await;
        let after = json!({"replayed": done.replayed, "callerLeft": left.is_cancelled()});
        change.end_at(result, after).await.map(|()| done)
    });
    let done = work.await?;
    let _ = gone.disarm();
    Ok(done)
}

/// How many it would be.
async fn planned(
    plane: &Plane,
    ids: &[Uuid],
    filter: Option<DeadLetterFilter>,
) -> Result<ReplayResponse, Status> {
    let mut planned = ReplayResponse {
        dry_run: true,
        ..ReplayResponse::default()
    };
    if ids.is_empty() {
        planned.replayed = Wanted::read(&required(filter)?)?.count(plane).await?;
    } else {
        planned.not_found = letters::missing(plane, ids).await?;
        planned.replayed = (ids.len() - planned.not_found.len()) as u64;
    }
    Ok(planned)
}

/// `done` is how far it came, also when it ends half-way.
async fn replay_all(
    plane: &Plane,
    which: Which,
    mut pace: Option<Interval>,
    left: &CancellationToken,
    done: &mut ReplayResponse,
) -> Result<(), Status> {
    let mut after = None;
    loop {
        let (letters, next) = match &which {
            Which::Ids(ids) => (
                ids.iter().map(|id| (Queue::Unspecified, *id)).collect(),
                None,
            ),
            Which::Wanted(wanted) => {
                let (found, next) = wanted.page(plane, after, PAGE).await?;
                let letters: Vec<_> = found.into_iter().map(|f| (f.queue, f.id)).collect();
                (letters, next)
            }
        };
        for (queue, id) in letters {
            if let Some(pace) = &mut pace {
                tokio::select! {
                    _ = pace.tick() => {}
                    () = left.cancelled() => {}
                }
            }
            if left.is_cancelled() {
                return Ok(());
            }
            if plane.draining.is_cancelled() {
                let text = format!(
                    "{} were replayed, then this process was told to stop: call again for the rest",
                    done.replayed
                );
                return Err(fault::unavailable("DRAINING", &text));
            }
            match letters::replay(plane, queue, id).await {
                Ok(true) => done.replayed += 1,
                Ok(false) => done.not_found.push(id.to_string()),
                // One that cannot be read must not cost the others; it stays where it is.
                Err(QueueError::Envelope(error)) => {
                    tracing::warn!(%id, "a dead letter cannot be read, and is not replayed: {error}");
                    done.not_found.push(id.to_string());
                }
                Err(error) => return Err(fault::redis(&error)),
            }
        }
        match next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}

async fn which(
    plane: &Plane,
    ids: &[Uuid],
    filter: Option<DeadLetterFilter>,
) -> Result<Which, Status> {
    if !ids.is_empty() {
        return Ok(Which::Ids(ids.to_vec()));
    }
    let wanted = Wanted::read(&required(filter)?)?.until_now(plane.confirm.now().await?);
    Ok(Which::Wanted(Box::new(wanted)))
}

fn pace(per_second: f64) -> Option<Interval> {
    if per_second <= 0.0 {
        return None;
    }
    let mut pace = interval(Duration::from_secs_f64((1.0 / per_second).min(86_400.0)));
    // Whoever asks for a rate means a limit: what was late is not made up for.
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    Some(pace)
}
