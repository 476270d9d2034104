//! `QueueService`.

use std::pin::Pin;
use std::time::Duration;

use serde_json::json;
use tokio::time::{MissedTickBehavior, interval};
use tokio_stream::Stream;
use tonic::{Request, Response, Status};
use waypost_rpc::v1::queue_service_server::QueueService;
use waypost_rpc::v1::{
    ClearRequest, ClearResponse, GetStatsRequest, GetStatsResponse, PauseRequest, PauseResponse,
    Queue, ResumeRequest, ResumeResponse, WatchStatsRequest, WatchStatsResponse,
};

use super::clear;
use super::snapshot::Snapshot;
use crate::call::Call;
use crate::fault;
use crate::plane::Plane;

/// The service.
pub(crate) struct Queues(pub(crate) Plane);

type Watched = Pin<Box<dyn Stream<Item = Result<WatchStatsResponse, Status>> + Send>>;

#[tonic::async_trait]
impl QueueService for Queues {
    async fn get_stats(
        &self,
        request: Request<GetStatsRequest>,
    ) -> Result<Response<GetStatsResponse>, Status> {
        let asked = Call::admit(request)?.message;
        let snapshot = Snapshot::read(&self.0, asked.include_numbers).await?;
        Ok(Response::new(snapshot.tell(
            &self.0,
            asked.include_numbers,
            asked.include_consumers,
        )))
    }

    type WatchStatsStream = Watched;

    async fn watch_stats(
        &self,
        request: Request<WatchStatsRequest>,
    ) -> Result<Response<Watched>, Status> {
        let asked = Call::admit(request)?.message;
        Ok(Response::new(Box::pin(watch(self.0.clone(), asked))))
    }

    async fn pause(
        &self,
        request: Request<PauseRequest>,
    ) -> Result<Response<PauseResponse>, Status> {
        let (plane, call) = (self.0.clone(), Call::admit(request)?);
        let paused = self.0.to_its_end(async move { pause(&plane, call).await });
        paused.await.map(Response::new)
    }

    async fn resume(
        &self,
        request: Request<ResumeRequest>,
    ) -> Result<Response<ResumeResponse>, Status> {
        let (plane, call) = (self.0.clone(), Call::admit(request)?);
        let resumed = self.0.to_its_end(async move { resume(&plane, call).await });
        resumed.await.map(Response::new)
    }

    async fn clear(
        &self,
        request: Request<ClearRequest>,
    ) -> Result<Response<ClearResponse>, Status> {
        let (plane, call) = (self.0.clone(), Call::admit(request)?);
        let cleared = self
            .0
            .to_its_end(async move { clear::clear(&plane, call).await });
        cleared.await.map(Response::new)
    }
}

async fn pause(plane: &Plane, call: Call<PauseRequest>) -> Result<PauseResponse, Status> {
    let (queue, number) = (call.message.queue(), &call.message.phone_number_id);
    let queues = scope(queue, number, false)?;
    let (by, reason) = (call.caller.name.as_str(), call.message.reason.as_str());
    let change = begin(plane, "QueueService.Pause", &call, queue, number).await?;
    let pause = async {
        let mut changed = false;
        if !number.is_empty() {
            changed |= plane.outbox.pause_number(number, by, reason).await?;
        }
        for queue in queues {
            changed |= match queue {
                Queue::Webhook => plane.inbox.pause(by, reason).await?,
                Queue::Fact => plane.facts.pause(by, reason).await?,
                _ => plane.outbox.pause(by, reason).await?,
            };
        }
        Ok(changed)
    };
    let changed = pause.await.map_err(|error| fault::redis(&error));
    let changed = change
        .end_with(changed, |_| json!({ "paused": true }))
        .await?;
    let paused = paused(plane).await?;
    Ok(PauseResponse { paused, changed })
}

async fn resume(plane: &Plane, call: Call<ResumeRequest>) -> Result<ResumeResponse, Status> {
    let (queue, number) = (call.message.queue(), &call.message.phone_number_id);
    let queues = scope(queue, number, true)?;
    let change = begin(plane, "QueueService.Resume", &call, queue, number).await?;
    let resume = async {
        let mut changed = false;
        if !number.is_empty() {
            changed |= plane.outbox.resume_number(number).await?;
        }
        for queue in queues {
            changed |= match queue {
                Queue::Webhook => plane.inbox.resume().await?,
                Queue::Fact => plane.facts.resume().await?,
                _ => plane.outbox.resume().await?,
            };
        }
        Ok(changed)
    };
    let changed = resume.await.map_err(|error| fault::redis(&error));
    let changed = change
        .end_with(changed, |_| json!({ "paused": false }))
        .await?;
    let paused = paused(plane).await?;
    Ok(ResumeResponse { paused, changed })
}

/// Which queues a call is about as a whole; none of them when it names a number.
pub(super) fn scope(queue: Queue, number: &str, facts: bool) -> Result<Vec<Queue>, Status> {
    if !number.is_empty() {
        return match queue {
            Queue::Unspecified | Queue::Message => Ok(Vec::new()),
            _ => Err(fault::precondition(
                "NOT_BY_NUMBER",
                "a phone_number_id goes with the queue message only: webhooks and facts are not kept by number",
            )),
        };
    }
    Ok(match queue {
        Queue::Unspecified if facts => vec![Queue::Webhook, Queue::Message, Queue::Fact],
        Queue::Unspecified => vec![Queue::Webhook, Queue::Message],
        one => vec![one],
    })
}

/// What a change is about, for the audit.
pub(super) fn target(queue: Queue, number: &str) -> String {
    match (queue, number) {
        (_, number) if !number.is_empty() => format!("number {number}"),
        (Queue::Unspecified, _) => "all queues".to_owned(),
        (Queue::Webhook, _) => "queue webhook".to_owned(),
        (Queue::Message, _) => "queue message".to_owned(),
        (Queue::Fact, _) => "queue fact".to_owned(),
    }
}

async fn begin<M: prost::Message + prost::Name>(
    plane: &Plane,
    method: &'static str,
    call: &Call<M>,
    queue: Queue,
    number: &str,
) -> Result<crate::audit::Change, Status> {
    let before = if number.is_empty() {
        let paused = paused(plane).await?;
        let words: Vec<&str> = paused
            .iter()
            .filter_map(|queue| Queue::try_from(*queue).ok())
            .map(|queue| match queue {
                Queue::Webhook => "webhook",
                Queue::Message => "message",
                Queue::Fact => "fact",
                Queue::Unspecified => "",
            })
            .collect();
        json!({ "paused": words })
    } else {
        let known = plane.outbox.knows_number(number).await;
        if !known.map_err(|error| fault::redis(&error))? {
            return Err(fault::not_found("business number"));
        }
        let stats = plane
            .outbox
            .number(number)
            .await
            .map_err(|error| fault::redis(&error))?;
        json!({ "paused": stats.pause.is_some() })
    };
    plane
        .audit
        .begin(method, call, target(queue, number), before)
        .await
}

/// The queues that are paused now.
async fn paused(plane: &Plane) -> Result<Vec<i32>, Status> {
    let (webhook, message, fact) = tokio::try_join!(
        plane.inbox.stats(),
        plane.outbox.stats(),
        plane.facts.stats()
    )
    .map_err(|error| fault::redis(&error))?;
    let all = [
        (Queue::Webhook, webhook.paused),
        (Queue::Message, message.paused),
        (Queue::Fact, fact.paused),
    ];
    Ok(all
        .into_iter()
        .filter(|(_, paused)| *paused)
        .map(|(queue, _)| queue.into())
        .collect())
}

/// A snapshot each interval, until the caller leaves or the drain begins. When Redis is away the stream ends with that error:
/// whoever watches asks again, and sees meanwhile that what he has is old.
fn watch(
    plane: Plane,
    asked: WatchStatsRequest,
) -> impl Stream<Item = Result<WatchStatsResponse, Status>> + Send {
    let every = Duration::from_secs_f64(asked.interval_seconds.clamp(0.0, 3_600.0))
        .max(Duration::from_secs(1));
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    futures_util::stream::unfold(
        (plane, ticks, false),
        move |(plane, mut ticks, ended)| async move {
            if ended {
                return None;
            }
            let draining = plane.draining.clone();
            tokio::select! {
                _ = ticks.tick() => {}
                () = draining.cancelled() => return None,
            }
            let read = plane
                .snapshots
                .within(&plane, Duration::from_millis(500), asked.include_numbers)
                .await;
            let failed = read.is_err();
            let told = read.map(|snapshot| WatchStatsResponse {
                stats: Some(snapshot.tell(&plane, asked.include_numbers, asked.include_consumers)),
            });
            Some((told, (plane, ticks, failed)))
        },
    )
}
