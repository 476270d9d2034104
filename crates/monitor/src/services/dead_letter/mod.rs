//! `DeadLetterService`: `letters` is the one list of all queues' dead letters, `replay` and `purge` are what becomes of them.

mod letters;
mod purge;
mod replay;

use tonic::{Request, Response, Status};
use uuid::Uuid;
use waypost_rpc::v1::dead_letter_service_server::DeadLetterService;
use waypost_rpc::v1::{
    DeadLetterFilter, DeadLetterServiceGetRequest, DeadLetterServiceGetResponse,
    DeadLetterServiceListRequest, DeadLetterServiceListResponse, PurgeRequest, PurgeResponse,
    ReplayRequest, ReplayResponse,
};

use self::letters::{At, Wanted, Whole};
use super::page;
use crate::call::{self, Call};
use crate::fault;
use crate::plane::Plane;

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
        replay::replay(&self.0, call).await.map(Response::new)
    }

    async fn purge(
        &self,
        request: Request<PurgeRequest>,
    ) -> Result<Response<PurgeResponse>, Status> {
        let (plane, call) = (self.0.clone(), Call::admit(request)?);
        let purged = self
            .0
            .to_its_end(async move { purge::purge(&plane, call).await });
        purged.await.map(Response::new)
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
