//! `DeadLetterService`.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};
use uuid::Uuid;
use waypost_queue::QueueError;
use waypost_rpc::v1::dead_letter_service_server::DeadLetterService;
use waypost_rpc::v1::{
    DeadLetterFilter, DeadLetterServiceGetRequest, DeadLetterServiceGetResponse,
    DeadLetterServiceListRequest, DeadLetterServiceListResponse, PurgePlan, PurgeRequest,
    PurgeResponse, Queue, ReplayRequest, ReplayResponse,
};

use super::dead_letters::{At, Wanted, Whole, purge, replay};
use super::page;
use crate::call::{self, Call};
use crate::confirm::Plan;
use crate::convert::time::stamp;
use crate::fault;
use crate::plane::Plane;

const PURGE: &str = "DeadLetterService.Purge";
/// Letters looked at in one go.
const PAGE: usize = 500;

/// The service.
pub(crate) struct DeadLetters(pub(crate) Plane);

#[tonic::async_trait]
impl DeadLetterService for DeadLetters {
    async fn list(
        &self,
        request: Request<DeadLetterServiceListRequest>,
    ) -> Result<Response<DeadLetterServiceListResponse>, Status> {
        let asked = Call::admit(request)?.message;
        let wanted = Wanted::read(&asked.filter.unwrap_or_default())?;
        let after: Option<At> = page::after(&asked.page_token)?;
        let size = page::size(asked.page_size, 50);
        let (found, next) = wanted.page(&self.0, after, size).await?;
        Ok(Response::new(DeadLetterServiceListResponse {
            dead_letters: found.into_iter().map(|found| found.letter).collect(),
            next_page_token: next.map(|at| page::token(&at)).unwrap_or_default(),
            total_dead: wanted.total(&self.0).await?,
        }))
    }

    async fn get(
        &self,
        request: Request<DeadLetterServiceGetRequest>,
    ) -> Result<Response<DeadLetterServiceGetResponse>, Status> {
        let call = Call::admit(request)?;
        call.may_read(call.message.include_payload)?;
        let id = call::id("id", &call.message.id)?;
        let found = Whole::find(&self.0, id)
            .await
            .map_err(|error| fault::redis(&error))?;
        let letter = found.ok_or_else(|| fault::not_found("dead letter"))?;
        Ok(Response::new(DeadLetterServiceGetResponse {
            dead_letter: Some(letter.told()),
            errors: letter.errors(),
            payload: match call.message.include_payload {
                true => letter.payload(),
                false => String::new(),
            },
        }))
    }

    async fn replay(
        &self,
        request: Request<ReplayRequest>,
    ) -> Result<Response<ReplayResponse>, Status> {
        let call = Call::admit(request)?;
        let ids = ids(&call.message.ids)?;
        let (filter, rate) = (call.message.filter.clone(), call.message.rate_per_second);
        if call.message.dry_run {
            let count = self.count(&ids, filter).await?;
            return Ok(Response::new(ReplayResponse {
                dry_run: true,
                ..count
            }));
        }
        let which = which(&self.0, &ids, filter).await?;
        // Told when the caller leaves: then it ends early, and notes how far it came.
        let left = CancellationToken::new();
        let gone = left.clone().drop_guard();
        let plane = self.0.clone();
        let work = self.0.to_its_end(async move {
            let change = begin(&plane, "DeadLetterService.Replay", &call, &ids).await?;
            let mut done = ReplayResponse::default();
            let result = replay_all(&plane, which, pace(rate), &left, &mut done).await;
            let after = json!({"replayed": done.replayed, "callerLeft": left.is_cancelled()});
            change.end_at(result, after).await.map(|()| done)
        });
        let done = work.await?;
        let _ = gone.disarm();
        Ok(Response::new(done))
    }

    async fn purge(
        &self,
        request: Request<PurgeRequest>,
    ) -> Result<Response<PurgeResponse>, Status> {
        let call = Call::admit(request)?;
        let ids = ids(&call.message.ids)?;
        if call.message.dry_run && !ids.is_empty() {
            let not_found = self.count(&ids, None).await?.not_found;
            return Ok(Response::new(PurgeResponse {
                dry_run: true,
                not_found,
                ..PurgeResponse::default()
            }));
        }
        let all = DeadLetters(self.0.clone());
        let work = self.0.to_its_end(async move {
            match ids.is_empty() {
                true => all.purge_filtered(call).await,
                false => all.purge_ids(call, ids).await,
            }
        });
        work.await.map(Response::new)
    }
}

/// What a replay is about.
enum Which {
    Ids(Vec<Uuid>),
    Wanted(Box<Wanted>),
}

impl DeadLetters {
    /// How many it would be.
    async fn count(
        &self,
        ids: &[Uuid],
        filter: Option<DeadLetterFilter>,
    ) -> Result<ReplayResponse, Status> {
        let mut count = ReplayResponse::default();
        for id in ids {
            match Whole::find(&self.0, *id)
                .await
                .map_err(|error| fault::redis(&error))?
            {
                Some(_) => count.replayed += 1,
                None => count.not_found.push(id.to_string()),
            }
        }
        if ids.is_empty() {
            let wanted = Wanted::read(&required(filter)?)?;
            count.replayed = self.count_of(&wanted).await?;
        }
        Ok(count)
    }

    async fn count_of(&self, wanted: &Wanted) -> Result<u64, Status> {
        let (mut count, mut after) = (0, None);
        loop {
            let (found, next) = wanted.page(&self.0, after, PAGE).await?;
            count += found.len() as u64;
            match next {
                Some(next) => after = Some(next),
                None => return Ok(count),
            }
        }
    }

    async fn purge_filtered(&self, call: Call<PurgeRequest>) -> Result<PurgeResponse, Status> {
        let filter = required(call.message.filter.clone())?;
        let wanted = Wanted::read(&filter)?;
        let what = format!("DeadLetterService.Purge {}", waypost_rpc::json::of(&filter));
        let token = &call.message.confirmation_token;
        if call.message.dry_run || token.is_empty() {
            let mut plan = self.0.confirm.plan(what, &call.caller.name, 0_u64).await?;
            plan.would = self.count_of(&wanted.until_now(plan.until())).await?;
            let told = PurgePlan {
                confirmation_token: self.0.confirm.sign(&plan).await?,
                expires_at: Some(stamp(plan.expires_at())),
                would_purge: plan.would,
            };
            if call.message.dry_run {
                return Ok(PurgeResponse {
                    dry_run: true,
                    plan: Some(told),
                    ..PurgeResponse::default()
                });
            }
            return Err(fault::precondition_with(
                "CONFIRMATION_REQUIRED",
                "this throws dead letters away, for good: look at the plan, and call again with its confirmation token within a minute",
                &told,
            ));
        }
        let plan: Plan<u64> = match self.0.confirm.read(token, &what, &call.caller.name).await {
            Ok(plan) => plan,
            Err(why) => {
                let audit = &self.0.audit;
                let noted = audit.not_confirmed(PURGE, &call, target(&[]), &why).await;
                return Err(noted.err().unwrap_or(why));
            }
        };
        let wanted = wanted.until_now(plan.until());
        let change = begin(&self.0, PURGE, &call, &[]).await?;
        let mut purged = 0;
        let result = self.purge_all(&wanted, &mut purged).await;
        let after = json!({"purged": purged, "planned": plan.would});
        change.end_at(result, after).await?;
        Ok(PurgeResponse {
            purged,
            ..PurgeResponse::default()
        })
    }

    async fn purge_ids(
        &self,
        call: Call<PurgeRequest>,
        ids: Vec<Uuid>,
    ) -> Result<PurgeResponse, Status> {
        let change = begin(&self.0, PURGE, &call, &ids).await?;
        let mut done = PurgeResponse::default();
        let mut result = Ok(());
        for id in ids {
            match purge(&self.0, Queue::Unspecified, id).await {
                Ok(true) => done.purged += 1,
                Ok(false) => done.not_found.push(id.to_string()),
                Err(error) => {
                    result = Err(fault::redis(&error));
                    break;
                }
            }
        }
        let after = json!({"purged": done.purged});
        change.end_at(result, after).await.map(|()| done)
    }

    /// `purged` is how many are gone so far, also when it ends half-way.
    async fn purge_all(&self, wanted: &Wanted, purged: &mut u64) -> Result<(), Status> {
        let mut after = None;
        loop {
            let (found, next) = wanted.page(&self.0, after, PAGE).await?;
            for letter in found {
                let gone = purge(&self.0, letter.queue, letter.id).await;
                *purged += u64::from(gone.map_err(|error| fault::redis(&error))?);
            }
            match next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }
}

async fn begin<M: prost::Message + prost::Name>(
    plane: &Plane,
    method: &'static str,
    call: &Call<M>,
    ids: &[Uuid],
) -> Result<crate::audit::Change, Status> {
    let before = serde_json::Value::Null;
    plane.audit.begin(method, call, target(ids), before).await
}

fn target(ids: &[Uuid]) -> String {
    match ids {
        [] => "dead letters by filter".to_owned(),
        [one] => format!("dead letter {one}"),
        more => format!("{} dead letters", more.len()),
    }
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
            match replay(plane, queue, id).await {
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

/// An empty filter is all of them, but only when somebody has set it on purpose.
fn required(filter: Option<DeadLetterFilter>) -> Result<DeadLetterFilter, Status> {
    filter.ok_or_else(|| {
        fault::wrong(
            "ids",
            "name dead letters, or set a filter; an empty filter is all of them",
        )
    })
}

fn ids(texts: &[String]) -> Result<Vec<Uuid>, Status> {
    let mut ids = texts
        .iter()
        .map(|text| call::id("ids", text))
        .collect::<Result<Vec<_>, _>>()?;
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
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
