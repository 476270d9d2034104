//! What the server answers.

use std::pin::Pin;
use std::time::{Duration, SystemTime};

use prost::{Message as _, Name};
use prost_types::{Any, Timestamp};
use tokio_stream::{Stream, StreamExt};
use tonic::{Code, Request, Response, Status, async_trait};
use waypost_rpc::v1::audit_service_server::AuditService;
use waypost_rpc::v1::dead_letter_service_server::DeadLetterService;
use waypost_rpc::v1::message_service_server::MessageService;
use waypost_rpc::v1::number_service_server::NumberService;
use waypost_rpc::v1::queue_service_server::QueueService;
use waypost_rpc::v1::realtime_service_server::RealtimeService;
use waypost_rpc::v1::*;

use crate::canned::Canned;

type Answer<T> = Result<Response<T>, Status>;

/// A message that is known, one that is not, and one that takes for ever.
pub(crate) const KNOWN: &str = "01933b7e-5c00-7000-8000-000000000001";
pub(crate) const MISSING: &str = "01933b7e-5c00-7000-8000-000000000404";
pub(crate) const SLOW: &str = "01933b7e-5c00-7000-8000-000000000504";

/// Entries that each numbered page of a list holds, and how many there are.
pub(crate) const ENTRIES: usize = 7;

pub(crate) fn stats() -> GetStatsResponse {
    GetStatsResponse {
        webhook: Some(QueueStats {
            active: 2,
            completed: 1_543,
            consumer_count: 3,
            ..QueueStats::default()
        }),
        message: Some(QueueStats {
            waiting: 5,
            dead: 3,
            consumer_count: 2,
            ..QueueStats::default()
        }),
        fact: Some(QueueStats::default()),
        read_at: Some(Timestamp::from(SystemTime::now())),
        ..GetStatsResponse::default()
    }
}

fn plan() -> ClearPlan {
    ClearPlan {
        confirmation_token: "plan-1".to_owned(),
        expires_at: None,
        would_clear: Some(Cleared {
            webhooks_waiting: 4,
            webhooks_delayed: 1,
            messages: 1_200,
            facts: 0,
        }),
    }
}

/// As the real one fails a call that was not confirmed in time.
fn unconfirmed() -> Status {
    let detail = Any {
        type_url: ClearPlan::type_url(),
        value: plan().encode_to_vec(),
    };
    let status = tonic_types::pb::Status {
        code: Code::FailedPrecondition.into(),
        message: "not confirmed".to_owned(),
        details: vec![detail],
    };
    Status::with_details(
        Code::FailedPrecondition,
        "not confirmed",
        status.encode_to_vec().into(),
    )
}

/// Numbered things in pages, with a token that is the number to go on with.
fn page<T>(size: u32, token: &str, make: impl Fn(usize) -> T) -> (Vec<T>, String) {
    let start: usize = token.parse().unwrap_or(0);
    let end = ENTRIES.min(start + (size as usize).clamp(1, 3));
    let next = if end < ENTRIES {
        end.to_string()
    } else {
        String::new()
    };
    ((start..end).map(make).collect(), next)
}

#[async_trait]
impl QueueService for Canned {
    async fn get_stats(&self, request: Request<GetStatsRequest>) -> Answer<GetStatsResponse> {
        self.guard("GetStats", Role::Viewer, request)?;
        Ok(Response::new(stats()))
    }

    type WatchStatsStream = Pin<Box<dyn Stream<Item = Result<WatchStatsResponse, Status>> + Send>>;

    async fn watch_stats(
        &self,
        request: Request<WatchStatsRequest>,
    ) -> Answer<Self::WatchStatsStream> {
        let request = self.guard("WatchStats", Role::Viewer, request)?;
        let one = || {
            Ok(WatchStatsResponse {
                stats: Some(stats()),
            })
        };
        let every = Duration::from_secs_f64(request.interval_seconds.max(0.01));
        let answers = tokio_stream::iter(std::iter::repeat_with(one)).throttle(every);
        Ok(Response::new(Box::pin(answers)))
    }

    async fn pause(&self, request: Request<PauseRequest>) -> Answer<PauseResponse> {
        self.guard("Pause", Role::Admin, request)?;
        Ok(Response::new(PauseResponse {
            paused: vec![Queue::Webhook.into(), Queue::Message.into()],
            changed: true,
        }))
    }

    async fn resume(&self, request: Request<ResumeRequest>) -> Answer<ResumeResponse> {
        self.guard("Resume", Role::Admin, request)?;
        Ok(Response::new(ResumeResponse {
            paused: vec![Queue::Fact.into()],
            changed: false,
        }))
    }

    async fn clear(&self, request: Request<ClearRequest>) -> Answer<ClearResponse> {
        let request = self.guard("Clear", Role::Admin, request)?;
        if request.dry_run {
            return Ok(Response::new(ClearResponse {
                dry_run: true,
                plan: Some(plan()),
                ..ClearResponse::default()
            }));
        }
        // The plan for this number is always too old.
        if request.confirmation_token != "plan-1" || request.phone_number_id == "999" {
            return Err(unconfirmed());
        }
        Ok(Response::new(ClearResponse {
            cleared: plan().would_clear,
            plan: Some(plan()),
            difference: "two messages went before".to_owned(),
            dry_run: false,
        }))
    }
}

#[async_trait]
impl DeadLetterService for Canned {
    async fn list(
        &self,
        request: Request<DeadLetterServiceListRequest>,
    ) -> Answer<DeadLetterServiceListResponse> {
        let request = self.guard("DeadLetterService.List", Role::Viewer, request)?;
        let (dead_letters, next_page_token) =
            page(request.page_size, &request.page_token, |at| DeadLetter {
                id: format!("01933b7e-5c00-7000-8000-00000000000{at}"),
                queue: Queue::Message.into(),
                class: "exhausted".to_owned(),
                ..DeadLetter::default()
            });
        Ok(Response::new(DeadLetterServiceListResponse {
            dead_letters,
            next_page_token,
            total_dead: ENTRIES as u64,
        }))
    }

    async fn get(
        &self,
        request: Request<DeadLetterServiceGetRequest>,
    ) -> Answer<DeadLetterServiceGetResponse> {
        let request = self.guard("DeadLetterService.Get", Role::Viewer, request)?;
        if request.id != KNOWN {
            return Err(Status::not_found("there is no such dead letter"));
        }
        Ok(Response::new(DeadLetterServiceGetResponse {
            dead_letter: Some(DeadLetter {
                id: request.id,
                class: "exhausted".to_owned(),
                ..DeadLetter::default()
            }),
            ..DeadLetterServiceGetResponse::default()
        }))
    }

    async fn replay(&self, request: Request<ReplayRequest>) -> Answer<ReplayResponse> {
        let request = self.guard("Replay", Role::Operator, request)?;
        let (known, not_found): (Vec<_>, Vec<_>) =
            request.ids.into_iter().partition(|id| id == KNOWN);
        let replayed = if known.is_empty() && not_found.is_empty() {
            7
        } else {
            known.len() as u64
        };
        Ok(Response::new(ReplayResponse {
            dry_run: request.dry_run,
            replayed,
            not_found,
        }))
    }

    async fn purge(&self, request: Request<PurgeRequest>) -> Answer<PurgeResponse> {
        let request = self.guard("Purge", Role::Admin, request)?;
        let (known, not_found): (Vec<_>, Vec<_>) =
            request.ids.into_iter().partition(|id| id == KNOWN);
        let plan = PurgePlan {
            confirmation_token: "plan-2".to_owned(),
            expires_at: None,
            would_purge: 7,
        };
        let filtered = request.filter.is_some();
        if filtered && !request.dry_run && request.confirmation_token != "plan-2" {
            return Err(unconfirmed());
        }
        Ok(Response::new(PurgeResponse {
            dry_run: request.dry_run,
            purged: match (request.dry_run, filtered) {
                (true, _) => 0,
                (false, true) => 7,
                (false, false) => known.len() as u64,
            },
            not_found,
            plan: (filtered && request.dry_run).then_some(plan),
        }))
    }
}

#[async_trait]
impl MessageService for Canned {
    async fn get(
        &self,
        request: Request<MessageServiceGetRequest>,
    ) -> Answer<MessageServiceGetResponse> {
        let request = self.guard("MessageService.Get", Role::Viewer, request)?;
        match request.id.as_str() {
            MISSING => Err(Status::not_found("there is no message with this id")),
            SLOW => std::future::pending().await,
            _ => Ok(Response::new(MessageServiceGetResponse {
                message: Some(Message {
                    id: request.id,
                    direction: Direction::Out.into(),
                    phone_number_id: "106540352242922".to_owned(),
                    state: "unknown".to_owned(),
                    ..Message::default()
                }),
                timeline: vec![TimelineEvent {
                    at: Some(Timestamp::from(SystemTime::now())),
                    kind: TimelineKind::Accepted.into(),
                    ..TimelineEvent::default()
                }],
            })),
        }
    }

    async fn list(
        &self,
        request: Request<MessageServiceListRequest>,
    ) -> Answer<MessageServiceListResponse> {
        let request = self.guard("MessageService.List", Role::Viewer, request)?;
        let (messages, next_page_token) =
            page(request.page_size, &request.page_token, |at| Message {
                id: format!("01933b7e-5c00-7000-8000-00000000000{at}"),
                ..Message::default()
            });
        Ok(Response::new(MessageServiceListResponse {
            messages,
            next_page_token,
        }))
    }

    async fn list_conversations(
        &self,
        _: Request<ListConversationsRequest>,
    ) -> Answer<ListConversationsResponse> {
        Err(Status::unimplemented("no command asks this"))
    }

    async fn list_conversation(
        &self,
        _: Request<ListConversationRequest>,
    ) -> Answer<ListConversationResponse> {
        Err(Status::unimplemented("no command asks this"))
    }

    async fn decide(&self, request: Request<DecideRequest>) -> Answer<DecideResponse> {
        let request = self.guard("Decide", Role::Operator, request)?;
        Ok(Response::new(DecideResponse {
            decided: request.decision,
        }))
    }

    async fn send_text(&self, request: Request<SendTextRequest>) -> Answer<SendTextResponse> {
        let request = self.guard("SendText", Role::Operator, request)?;
        if request.text == "fail" {
            return Err(Status::unavailable("Redis cannot be reached"));
        }
        Ok(Response::new(SendTextResponse {
            id: KNOWN.to_owned(),
            replayed: false,
        }))
    }
}

#[async_trait]
impl NumberService for Canned {
    async fn list(
        &self,
        request: Request<NumberServiceListRequest>,
    ) -> Answer<NumberServiceListResponse> {
        let request = self.guard("NumberService.List", Role::Viewer, request)?;
        let numbers = match request.phone_number_id.as_str() {
            "404" => Vec::new(),
            _ => vec![number("106540352242922")],
        };
        Ok(Response::new(NumberServiceListResponse {
            numbers,
            next_page_token: String::new(),
        }))
    }

    async fn set_limit(&self, request: Request<SetLimitRequest>) -> Answer<SetLimitResponse> {
        let request = self.guard("SetLimit", Role::Operator, request)?;
        Ok(Response::new(SetLimitResponse {
            number: Some(number(&request.phone_number_id)),
            changed: true,
        }))
    }

    async fn stop(&self, request: Request<StopRequest>) -> Answer<StopResponse> {
        let request = self.guard("Stop", Role::Operator, request)?;
        Ok(Response::new(StopResponse {
            number: Some(number(&request.phone_number_id)),
            changed: true,
        }))
    }

    async fn resume(
        &self,
        request: Request<NumberServiceResumeRequest>,
    ) -> Answer<NumberServiceResumeResponse> {
        let request = self.guard("NumberService.Resume", Role::Operator, request)?;
        Ok(Response::new(NumberServiceResumeResponse {
            number: Some(number(&request.phone_number_id)),
            changed: false,
        }))
    }
}

#[async_trait]
impl AuditService for Canned {
    async fn list(
        &self,
        request: Request<AuditServiceListRequest>,
    ) -> Answer<AuditServiceListResponse> {
        self.guard("AuditService.List", Role::Admin, request)?;
        Ok(Response::new(AuditServiceListResponse {
            entries: vec![AuditEntry {
                actor: "ops".to_owned(),
                method: "QueueService.Pause".to_owned(),
                outcome: "done".to_owned(),
                ..AuditEntry::default()
            }],
            next_page_token: String::new(),
        }))
    }
}

#[async_trait]
impl RealtimeService for Canned {
    async fn issue_token(&self, request: Request<IssueTokenRequest>) -> Answer<IssueTokenResponse> {
        self.guard("IssueToken", Role::Operator, request)?;
        let issued = self.calls().len();
        Ok(Response::new(IssueTokenResponse {
            token: format!("pass-{issued}"),
            expires_at: None,
            url: self.realtime_url.lock().unwrap().clone(),
        }))
    }
}

fn number(id: &str) -> Number {
    Number {
        phone_number_id: id.to_owned(),
        limit_per_second: 80.0,
        limit_source: "meta".to_owned(),
        current_rate_per_second: 80.0,
        ..Number::default()
    }
}
