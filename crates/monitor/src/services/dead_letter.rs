//! `DeadLetterService`.

use std::time::{Duration, SystemTime};

use serde_json::json;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};
use uuid::Uuid;
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
        let which = which(&ids, filter)?;
        let change = self.begin("DeadLetterService.Replay", &call, &ids).await?;
        // A task of its own, which is told when the caller leaves: so its end is noted in the audit all the same.
        let left = CancellationToken::new();
        let gone = left.clone().drop_guard();
        let plane = self.0.clone();
        let work = tokio::spawn(async move {
            let replayed = replay_all(&plane, which, pace(rate), &left).await;
            let after = |done: &ReplayResponse| json!({"replayed": done.replayed, "callerLeft": left.is_cancelled()});
            change.end_with(replayed, after).await
        });
        let done = work
            .await
            .map_err(|_| Status::internal("the replay broke off"))?;
        let _ = gone.disarm();
        done.map(Response::new)
    }

    async fn purge(
        &self,
        request: Request<PurgeRequest>,
    ) -> Result<Response<PurgeResponse>, Status> {
        let call = Call::admit(request)?;
        let ids = ids(&call.message.ids)?;
        if ids.is_empty() {
            return self.purge_filtered(call).await.map(Response::new);
        }
        if call.message.dry_run {
            let count = self.count(&ids, None).await?;
            let not_found = count.not_found;
            return Ok(Response::new(PurgeResponse {
                dry_run: true,
                not_found,
                ..PurgeResponse::default()
            }));
        }
        let change = self.begin("DeadLetterService.Purge", &call, &ids).await?;
        let purged = async {
            let mut done = PurgeResponse::default();
            for id in ids {
                match purge(&self.0, Queue::Unspecified, id).await {
                    Ok(true) => done.purged += 1,
                    Ok(false) => done.not_found.push(id.to_string()),
                    Err(error) => return Err(fault::redis(&error)),
                }
            }
            Ok(done)
        };
        let done = change
            .end_with(purged.await, |done| json!({"purged": done.purged}))
            .await?;
        Ok(Response::new(done))
    }
}

/// What a replay is about.
enum Which {
    Ids(Vec<Uuid>),
    Wanted(Box<Wanted>),
}

impl DeadLetters {
    async fn begin<M: prost::Message + prost::Name>(
        &self,
        method: &'static str,
        call: &Call<M>,
        ids: &[Uuid],
    ) -> Result<crate::audit::Change, Status> {
        let target = match ids {
            [] => "dead letters by filter".to_owned(),
            [one] => format!("dead letter {one}"),
            more => format!("{} dead letters", more.len()),
        };
        self.0
            .audit
            .begin(method, call, target, serde_json::Value::Null)
            .await
    }

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
            let mut plan = Plan::new(what, &call.caller.name, 0_u64);
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
        let plan: Plan<u64> = self.0.confirm.read(token, &what, &call.caller.name).await?;
        let wanted = wanted.until_now(plan.until());
        let change = self.begin("DeadLetterService.Purge", &call, &[]).await?;
        let purged = self.purge_all(&wanted).await;
        let purged = change
            .end_with(
                purged,
                |purged| json!({"purged": purged, "planned": plan.would}),
            )
            .await?;
        Ok(PurgeResponse {
            purged,
            ..PurgeResponse::default()
        })
    }

    async fn purge_all(&self, wanted: &Wanted) -> Result<u64, Status> {
        let (mut purged, mut after) = (0, None);
        loop {
            let (found, next) = wanted.page(&self.0, after, PAGE).await?;
            for letter in found {
                let gone = purge(&self.0, letter.queue, letter.id).await;
                purged += u64::from(gone.map_err(|error| fault::redis(&error))?);
            }
            match next {
                Some(next) => after = Some(next),
                None => return Ok(purged),
            }
        }
    }
}

async fn replay_all(
    plane: &Plane,
    which: Which,
    mut pace: Option<Interval>,
    left: &CancellationToken,
) -> Result<ReplayResponse, Status> {
    let mut done = ReplayResponse::default();
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
            if left.is_cancelled() || plane.draining.is_cancelled() {
                return Ok(done);
            }
            match replay(plane, queue, id).await {
                Ok(true) => done.replayed += 1,
                Ok(false) => done.not_found.push(id.to_string()),
                Err(error) => return Err(fault::redis(&error)),
            }
        }
        match next {
            Some(next) => after = Some(next),
            None => return Ok(done),
        }
    }
}

fn which(ids: &[Uuid], filter: Option<DeadLetterFilter>) -> Result<Which, Status> {
    if !ids.is_empty() {
        return Ok(Which::Ids(ids.to_vec()));
    }
    let wanted = Wanted::read(&required(filter)?)?.until_now(SystemTime::now());
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
