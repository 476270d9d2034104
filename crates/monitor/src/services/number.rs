//! `NumberService`.

use serde_json::{Value, json};
use tonic::{Request, Response, Status};
use waypost_queue::{LimitBy, NumberStats};
use waypost_rpc::v1::number_service_server::NumberService;
use waypost_rpc::v1::{
    Number, NumberServiceListRequest, NumberServiceListResponse, NumberServiceResumeRequest,
    NumberServiceResumeResponse, SetLimitRequest, SetLimitResponse, StopRequest, StopResponse,
};

use super::page;
use crate::call::Call;
use crate::convert::number::number;
use crate::fault;
use crate::plane::Plane;

/// The service.
#[derive(Clone)]
pub(crate) struct Numbers(pub(crate) Plane);

#[tonic::async_trait]
impl NumberService for Numbers {
    async fn list(
        &self,
        request: Request<NumberServiceListRequest>,
    ) -> Result<Response<NumberServiceListResponse>, Status> {
        let asked = Call::admit(request)?.message;
        let size = page::size(asked.page_size, 100);
        let after: String = page::after(&asked.page_token)?.unwrap_or_default();
        let found = match asked.phone_number_id.as_str() {
            "" => self
                .0
                .outbox
                .numbers_after(&after, size + 1)
                .await
                .map_err(|error| fault::redis(&error))?,
            id if self.known(id).await? => vec![self.stats(id).await?],
            _ => Vec::new(),
        };
        let more = found.len() > size;
        let found: Vec<_> = found.into_iter().take(size).collect();
        let next = found
            .last()
            .filter(|_| more)
            .map(|last| page::token(&last.phone_number_id));
        Ok(Response::new(NumberServiceListResponse {
            numbers: self.tell(found).await,
            next_page_token: next.unwrap_or_default(),
        }))
    }

    async fn set_limit(
        &self,
        request: Request<SetLimitRequest>,
    ) -> Result<Response<SetLimitResponse>, Status> {
        let (numbers, call) = (self.clone(), Call::admit(request)?);
        let work = self.0.to_its_end(async move {
            let SetLimitRequest {
                phone_number_id: id,
                limit_per_second: limit,
            } = &call.message;
            let change = numbers.begin("NumberService.SetLimit", &call, id).await?;
            let outbox = &numbers.0.outbox;
            let changed = outbox.set_limit(id, LimitBy::Operator, *limit).await;
            let (number, changed) = numbers.end(change, changed, id).await?;
            Ok(SetLimitResponse { number, changed })
        });
        work.await.map(Response::new)
    }

    async fn stop(&self, request: Request<StopRequest>) -> Result<Response<StopResponse>, Status> {
        let (numbers, call) = (self.clone(), Call::admit(request)?);
        let work = self.0.to_its_end(async move {
            let (id, by) = (&call.message.phone_number_id, &call.caller.name);
            let change = numbers.begin("NumberService.Stop", &call, id).await?;
            let outbox = &numbers.0.outbox;
            let changed = outbox.stop_number(id, by, &call.message.reason).await;
            let (number, changed) = numbers.end(change, changed, id).await?;
            Ok(StopResponse { number, changed })
        });
        work.await.map(Response::new)
    }

    async fn resume(
        &self,
        request: Request<NumberServiceResumeRequest>,
    ) -> Result<Response<NumberServiceResumeResponse>, Status> {
        let (numbers, call) = (self.clone(), Call::admit(request)?);
        let work = self.0.to_its_end(async move {
            let id = &call.message.phone_number_id;
            let change = numbers.begin("NumberService.Resume", &call, id).await?;
            let outbox = &numbers.0.outbox;
            let changed = match outbox.start_number(id).await {
                Ok(started) => outbox.resume_number(id).await.map(|going| going || started),
                Err(error) => Err(error),
            };
            let (number, changed) = numbers.end(change, changed, id).await?;
            Ok(NumberServiceResumeResponse { number, changed })
        });
        work.await.map(Response::new)
    }
}

impl Numbers {
    async fn stats(&self, id: &str) -> Result<NumberStats, Status> {
        let stats = self.0.outbox.number(id).await;
        stats.map_err(|error| fault::redis(&error))
    }

    async fn known(&self, id: &str) -> Result<bool, Status> {
        let known = self.0.outbox.knows_number(id).await;
        known.map_err(|error| fault::redis(&error))
    }

    async fn tell(&self, stats: Vec<NumberStats>) -> Vec<Number> {
        let shown = self.0.snapshots.shown(&self.0, &stats).await;
        let tell = |stats| number(stats, &shown, self.0.default_limit);
        stats.into_iter().map(tell).collect()
    }

    /// A number that nobody has ever seen is a slip of the finger: what is set for it would lie there unseen.
    async fn begin<M: prost::Message + prost::Name>(
        &self,
        method: &'static str,
        call: &Call<M>,
        id: &str,
    ) -> Result<crate::audit::Change, Status> {
        if !self.known(id).await? {
            return Err(fault::not_found("business number"));
        }
        let before = said(&self.stats(id).await?);
        self.0
            .audit
            .begin(method, call, format!("number {id}"), before)
            .await
    }

    async fn end(
        &self,
        change: crate::audit::Change,
        changed: Result<bool, waypost_queue::QueueError>,
        id: &str,
    ) -> Result<(Option<Number>, bool), Status> {
        let made = match changed {
            Ok(changed) => self.stats(id).await.map(|stats| (stats, changed)),
            Err(error) => Err(fault::redis(&error)),
        };
        let (stats, changed) = change.end_with(made, |(stats, _)| said(stats)).await?;
        Ok((self.tell(vec![stats]).await.pop(), changed))
    }
}

/// What can be set of a number, for the audit.
fn said(stats: &NumberStats) -> Value {
    json!({
        "limitPerSecond": stats.limit,
        "limitSource": stats.limit_by,
        "stopped": stats.stop.as_ref().map(|stop| &stop.reason),
        "paused": stats.pause.is_some(),
    })
}
