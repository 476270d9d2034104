//! `Purge`: those that are named, at once; those that a filter takes, after a plan was confirmed.

use serde_json::json;
use tonic::Status;
use uuid::Uuid;
use waypost_rpc::v1::{PurgePlan, PurgeRequest, PurgeResponse, Queue};

use super::letters::{self, PAGE, Wanted};
use super::{begin, ids, required, target};
use crate::call::Call;
use crate::confirm::Plan;
use crate::convert::time::stamp;
use crate::fault;
use crate::plane::Plane;

const METHOD: &str = "DeadLetterService.Purge";

pub(super) async fn purge(
    plane: &Plane,
    call: Call<PurgeRequest>,
) -> Result<PurgeResponse, Status> {
    let ids = ids(&call.message.ids)?;
    match ids.is_empty() {
        true => by_filter(plane, call).await,
        false => named(plane, call, ids).await,
    }
}

async fn named(
    plane: &Plane,
    call: Call<PurgeRequest>,
    ids: Vec<Uuid>,
) -> Result<PurgeResponse, Status> {
    let mut done = PurgeResponse {
        dry_run: call.message.dry_run,
        not_found: letters::missing(plane, &ids).await?,
        ..PurgeResponse::default()
    };
    if done.dry_run {
        return Ok(done);
    }
    let change = begin(plane, METHOD, &call, &ids).await?;
    let result = letters::purge(plane, Queue::Unspecified, &ids).await;
    let result = result
        .map(|purged| done.purged = purged)
        .map_err(|error| fault::redis(&error));
    let after = json!({"purged": done.purged});
    change.end_at(result, after).await.map(|()| done)
}

async fn by_filter(plane: &Plane, call: Call<PurgeRequest>) -> Result<PurgeResponse, Status> {
    let filter = required(call.message.filter.clone())?;
    let wanted = Wanted::read(&filter)?;
    let what = format!("{METHOD} {}", waypost_rpc::json::of(&filter));
    let (by, token) = (&call.caller.name, &call.message.confirmation_token);
    if call.message.dry_run || token.is_empty() {
        let plan = plan(plane, what, by, wanted).await?;
        if !call.message.dry_run {
            return Err(fault::precondition_with(
                "CONFIRMATION_REQUIRED",
                "this throws dead letters away, for good: look at the plan, and call again with its confirmation token within a minute",
                &plan,
            ));
        }
        return Ok(PurgeResponse {
            dry_run: true,
            plan: Some(plan),
            ..PurgeResponse::default()
        });
    }
    let plan: Plan<u64> = match plane.confirm.read(token, &what, by).await {
        Ok(plan) => plan,
        Err(why) => {
            let noted = plane.audit.not_confirmed(METHOD, &call, target(&[]), &why);
            return Err(noted.await.err().unwrap_or(why));
        }
    };
    let wanted = wanted.until_now(plan.until());
    let change = begin(plane, METHOD, &call, &[]).await?;
    let mut done = PurgeResponse::default();
    let result = purge_all(plane, &wanted, &mut done.purged).await;
    let after = json!({"purged": done.purged, "planned": plan.would});
    change.end_at(result, after).await.map(|()| done)
}

async fn plan(plane: &Plane, what: String, by: &str, wanted: Wanted) -> Result<PurgePlan, Status> {
    let mut plan = plane.confirm.plan(what, by, 0_u64).await?;
    plan.would = wanted.until_now(plan.until()).count(plane).await?;
    Ok(PurgePlan {
        confirmation_token: plane.confirm.sign(&plan).await?,
        expires_at: Some(stamp(plan.expires_at())),
        would_purge: plan.would,
    })
}

/// `purged` is how many are gone so far, also when it ends half-way.
async fn purge_all(plane: &Plane, wanted: &Wanted, purged: &mut u64) -> Result<(), Status> {
    let mut after = None;
    loop {
        let (found, next) = wanted.page(plane, after, PAGE).await?;
        for queue in letters::QUEUES {
            let of_queue = found.iter().filter(|letter| letter.queue == queue);
            let ids: Vec<Uuid> = of_queue.map(|letter| letter.id).collect();
            let gone = letters::purge(plane, queue, &ids).await;
            *purged += gone.map_err(|error| fault::redis(&error))?;
        }
        match next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}
