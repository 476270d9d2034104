//! `AuditService`.

use prost_types::Struct;
use serde_json::Value;
use tonic::{Request, Response, Status};
use uuid::Uuid;
use waypost_rpc::v1::audit_service_server::AuditService;
use waypost_rpc::v1::{AuditEntry, AuditServiceListRequest, AuditServiceListResponse, Role};
use waypost_store::{AuditFilter, AuditRow};

use super::page;
use crate::call::Call;
use crate::convert::time::{stamp, time_of};
use crate::fault;
use crate::plane::Plane;

/// The service.
pub(crate) struct Audits(pub(crate) Plane);

#[tonic::async_trait]
impl AuditService for Audits {
    async fn list(
        &self,
        request: Request<AuditServiceListRequest>,
    ) -> Result<Response<AuditServiceListResponse>, Status> {
        let asked = Call::admit(request)?.message;
        // What was noted a moment ago is part of it: whoever has just paused wants to see that he did.
        self.0.audit.carry(&self.0.store).await?;
        let size = page::size(asked.page_size, 50);
        let before: Option<Uuid> = page::after(&asked.page_token)?;
        let given = |text: String| Some(text).filter(|text| !text.is_empty());
        let filter = AuditFilter {
            since: time_of(asked.since.as_ref()),
            until: time_of(asked.until.as_ref()),
            actor: given(asked.actor),
            method: given(asked.method),
            target: given(asked.target),
        };
        let limit = i64::try_from(size + 1).unwrap_or(i64::MAX);
        let rows = self.0.store.audit(&filter, before, limit).await;
        let rows = rows.map_err(|error| fault::postgres(&error))?;
        let more = rows.len() > size;
        let rows: Vec<_> = rows.into_iter().take(size).collect();
        let next = rows
            .last()
            .filter(|_| more)
            .map(|last| page::token(&last.id));
        Ok(Response::new(AuditServiceListResponse {
            entries: rows.into_iter().map(entry).collect(),
            next_page_token: next.unwrap_or_default(),
        }))
    }
}

fn entry(row: AuditRow) -> AuditEntry {
    AuditEntry {
        id: row.id.to_string(),
        at: Some(stamp(row.at)),
        role: match row.role.as_str() {
            "admin" => Role::Admin,
            "operator" => Role::Operator,
            "viewer" => Role::Viewer,
            _ => Role::Unspecified,
        }
        .into(),
        actor: row.actor,
        address: row.address,
        method: row.method,
        target: row.target,
        request: row.request.and_then(object),
        before: row.before.and_then(object),
        after: row.after.and_then(object),
        outcome: row.outcome,
        error: row.error.unwrap_or_default(),
        request_id: row.request_id.map(|id| id.to_string()).unwrap_or_default(),
    }
}

fn object(value: Value) -> Option<Struct> {
    let Value::Object(members) = value else {
        return None;
    };
    let fields = members
        .into_iter()
        .map(|(name, member)| (name, wire(member)))
        .collect();
    Some(Struct { fields })
}

fn wire(value: Value) -> prost_types::Value {
    use prost_types::value::Kind;
    let kind = match value {
        Value::Null => Kind::NullValue(0),
        Value::Bool(is) => Kind::BoolValue(is),
        Value::Number(number) => Kind::NumberValue(number.as_f64().unwrap_or_default()),
        Value::String(text) => Kind::StringValue(text),
        Value::Array(elements) => Kind::ListValue(prost_types::ListValue {
            values: elements.into_iter().map(wire).collect(),
        }),
        Value::Object(members) => Kind::StructValue(Struct {
            fields: members
                .into_iter()
                .map(|(name, member)| (name, wire(member)))
                .collect(),
        }),
    };
    prost_types::Value { kind: Some(kind) }
}
