//! Services that answer with what they were asked.

use std::pin::Pin;

use futures_util::{Stream, StreamExt, stream};
use prost::{Message, Name};
use tokio::sync::mpsc;
use tonic::service::Routes;
use tonic::{Code, Request, Response, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt, pb};
use waypost_rpc::rules;
use waypost_rpc::v1::audit_service_server::{AuditService, AuditServiceServer};
use waypost_rpc::v1::dead_letter_service_server::{DeadLetterService, DeadLetterServiceServer};
use waypost_rpc::v1::queue_service_server::{QueueService, QueueServiceServer};
use waypost_rpc::v1::*;
use waypost_runtime::RequestId;

pub(super) struct Canned;

/// A caller that will leave: told once a call of its has begun, and closed when the call is over.
#[derive(Clone)]
pub(super) struct Leaving(pub(super) mpsc::Sender<()>);

pub(super) fn services() -> Routes {
    Routes::new(QueueServiceServer::new(Canned))
        .add_service(AuditServiceServer::new(Canned))
        .add_service(DeadLetterServiceServer::new(Canned))
        .prepare()
}

fn checked<M: Message + Name>(request: Request<M>) -> Result<M, Status> {
    let message = request.into_inner();
    let violations = rules::check(&message);
    if violations.is_empty() {
        return Ok(message);
    }
    let violations: Vec<FieldViolation> = violations
        .into_iter()
        .map(|v| FieldViolation::new(v.field, v.description))
        .collect();
    let details = ErrorDetails::with_bad_request(violations);
    Err(Status::with_error_details(
        Code::InvalidArgument,
        "wrong",
        details,
    ))
}

fn any<M: Message + Name>(message: &M) -> prost_types::Any {
    prost_types::Any {
        type_url: format!("type.googleapis.com/{}", M::full_name()),
        value: message.encode_to_vec(),
    }
}

#[tonic::async_trait]
impl QueueService for Canned {
    async fn get_stats(
        &self,
        request: Request<GetStatsRequest>,
    ) -> Result<Response<GetStatsResponse>, Status> {
        let mut answer = GetStatsResponse {
            webhook: Some(QueueStats {
                waiting: 5,
                ..QueueStats::default()
            }),
            ..GetStatsResponse::default()
        };
        if request.get_ref().include_numbers {
            answer.numbers.push(Number::default());
        }
        Ok(Response::new(answer))
    }

    type WatchStatsStream =
        Pin<Box<dyn Stream<Item = Result<WatchStatsResponse, Status>> + Send + 'static>>;

    /// Two answers, then the end that the interval asks for.
    async fn watch_stats(
        &self,
        request: Request<WatchStatsRequest>,
    ) -> Result<Response<Self::WatchStatsStream>, Status> {
        let answer = || Ok(WatchStatsResponse::default());
        if let Some(leaving) = request.extensions().get::<Leaving>().cloned() {
            leaving.0.send(()).await.unwrap();
            let first = stream::iter([answer()]);
            let never = stream::once(async move {
                let _held = leaving;
                std::future::pending().await
            });
            return Ok(Response::new(Box::pin(first.chain(never))));
        }
        let asked = checked(request)?;
        let mut all = vec![answer(), answer()];
        if asked.interval_seconds > 1.0 {
            all.push(Err(Status::unavailable("Redis is away")));
        }
        Ok(Response::new(Box::pin(stream::iter(all))))
    }

    async fn pause(
        &self,
        request: Request<PauseRequest>,
    ) -> Result<Response<PauseResponse>, Status> {
        let asked = checked(request)?;
        Ok(Response::new(PauseResponse {
            paused: vec![asked.queue],
            changed: true,
        }))
    }

    async fn resume(&self, _: Request<ResumeRequest>) -> Result<Response<ResumeResponse>, Status> {
        let mut details =
            ErrorDetails::with_retry_info(Some(std::time::Duration::from_millis(2100)));
        details.set_error_info("REDIS_UNAVAILABLE", "waypost", [("a".into(), "b".into())]);
        let code = Code::Unavailable;
        Err(Status::with_error_details(code, "Redis is away", details))
    }

    async fn clear(
        &self,
        request: Request<ClearRequest>,
    ) -> Result<Response<ClearResponse>, Status> {
        let asked = checked(request)?;
        if asked.confirmation_token == "yes" {
            return Ok(Response::new(ClearResponse {
                difference: asked.phone_number_id,
                ..ClearResponse::default()
            }));
        }
        let info = pb::ErrorInfo {
            reason: "CONFIRMATION_REQUIRED".to_owned(),
            ..pb::ErrorInfo::default()
        };
        let plan = ClearPlan {
            confirmation_token: "yes".to_owned(),
            would_clear: Some(Cleared {
                messages: 3,
                ..Cleared::default()
            }),
            ..ClearPlan::default()
        };
        let mut details = vec![any(&plan)];
        details.push(prost_types::Any {
            type_url: "type.googleapis.com/google.rpc.ErrorInfo".to_owned(),
            value: info.encode_to_vec(),
        });
        let code = Code::FailedPrecondition;
        let status = pb::Status {
            code: code.into(),
            message: String::new(),
            details,
        };
        let details = status.encode_to_vec().into();
        Err(Status::with_details(code, "look at the plan", details))
    }
}

#[tonic::async_trait]
impl AuditService for Canned {
    async fn list(
        &self,
        request: Request<AuditServiceListRequest>,
    ) -> Result<Response<AuditServiceListResponse>, Status> {
        let id = request
            .extensions()
            .get::<RequestId>()
            .map(|id| id.to_string());
        let header = request.metadata().get("x-request-id").cloned();
        let asked = checked(request)?;
        Ok(Response::new(AuditServiceListResponse {
            entries: vec![AuditEntry {
                id: asked.page_size.to_string(),
                at: asked.since,
                actor: asked.actor,
                role: Role::Admin.into(),
                error: id.unwrap_or_default(),
                request_id: header.unwrap().to_str().unwrap().to_owned(),
                ..AuditEntry::default()
            }],
            next_page_token: String::new(),
        }))
    }
}

#[tonic::async_trait]
impl DeadLetterService for Canned {
    /// Tells the filter as one letter.
    async fn list(
        &self,
        request: Request<DeadLetterServiceListRequest>,
    ) -> Result<Response<DeadLetterServiceListResponse>, Status> {
        let filter = checked(request)?.filter.unwrap_or_default();
        Ok(Response::new(DeadLetterServiceListResponse {
            dead_letters: vec![DeadLetter {
                queue: filter.queue,
                class: filter.class,
                dead_at: filter.since,
                id: filter.error_code.to_string(),
                ..DeadLetter::default()
            }],
            ..DeadLetterServiceListResponse::default()
        }))
    }

    async fn get(
        &self,
        request: Request<DeadLetterServiceGetRequest>,
    ) -> Result<Response<DeadLetterServiceGetResponse>, Status> {
        Err(Status::not_found(checked(request)?.id))
    }

    async fn replay(
        &self,
        request: Request<ReplayRequest>,
    ) -> Result<Response<ReplayResponse>, Status> {
        let asked = checked(request)?;
        Ok(Response::new(ReplayResponse {
            dry_run: asked.filter.is_some(),
            replayed: asked.filter.unwrap_or_default().error_code.unsigned_abs(),
            not_found: asked.ids,
        }))
    }

    async fn purge(
        &self,
        request: Request<PurgeRequest>,
    ) -> Result<Response<PurgeResponse>, Status> {
        if let Some(leaving) = request.extensions().get::<Leaving>() {
            leaving.0.send(()).await.unwrap();
            std::future::pending::<()>().await;
        }
        Err(Status::unimplemented("not yet"))
    }
}
