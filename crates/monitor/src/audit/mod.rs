//! Who has changed what.
//!
//! A change is noted in Redis before it is made and again when it has ended, and goes to Postgres from there: so that a change is
//! possible while Postgres is away, which is when people need one, and none is made that was not noted. A change whose end was
//! never noted, because the process died in it, stays `started`.

mod flush;

use std::time::SystemTime;

use prost::{Message, Name};
use serde_json::Value;
use tonic::Status;
use uuid::Uuid;
use waypost_queue::{AdminCorner, QueueError};
use waypost_store::AuditRow;

use crate::call::Call;
use crate::fault;
use crate::guard::{Refused, word};

pub(crate) use flush::flush;

/// Writes down changes.
#[derive(Clone)]
pub(crate) struct Audit {
    corner: AdminCorner,
    /// Wakes whoever carries records to Postgres.
    pub(crate) news: std::sync::Arc<tokio::sync::Notify>,
}

/// A change that has been noted and is to be made now.
#[must_use = "its end is to be noted"]
pub(crate) struct Change {
    audit: Audit,
    row: AuditRow,
}

impl Audit {
    pub(crate) fn new(corner: AdminCorner) -> Self {
        Self {
            corner,
            news: std::sync::Arc::default(),
        }
    }

    /// Notes that a change begins.
    ///
    /// # Errors
    /// When that cannot be noted: then it must not be made.
    pub(crate) async fn begin<M: Message + Name>(
        &self,
        method: &'static str,
        call: &Call<M>,
        target: String,
        before: Value,
    ) -> Result<Change, Status> {
        let mut request = waypost_rpc::json::of(&call.message);
        if let Value::Object(members) = &mut request {
            // What people write is not for a log that admins read, and a token that confirms is a secret while it lasts.
            for secret in ["text", "to", "confirmationToken"] {
                members.remove(secret);
            }
        }
        let row = AuditRow {
            id: Uuid::now_v7(),
            at: SystemTime::now(),
            actor: call.caller.name.clone(),
            role: word(call.caller.role).to_owned(),
            address: call
                .caller
                .address
                .map(|a| a.to_string())
                .unwrap_or_default(),
            method: method.to_owned(),
            target,
            request: Some(request),
            before: Some(before).filter(|before| !before.is_null()),
            after: None,
            outcome: "started".to_owned(),
            error: None,
            request_id: Some(call.request_id),
            finished_at: None,
        };
        self.note(&row)
            .await
            .map_err(|error| fault::redis(&error))?;
        Ok(Change {
            audit: self.clone(),
            row,
        })
    }

    /// Notes a try at a change that was not confirmed as it should be.
    ///
    /// # Errors
    /// When that cannot be noted.
    pub(crate) async fn not_confirmed<M: Message + Name>(
        &self,
        method: &'static str,
        call: &Call<M>,
        target: String,
        why: &Status,
    ) -> Result<(), Status> {
        let change = self.begin(method, call, target, Value::Null).await?;
        change.end("refused", Some(why.message().to_owned())).await;
        Ok(())
    }

    /// Notes a try at a change by somebody who may not. The caller does not wait for it.
    pub(crate) fn refused(&self, refused: Refused) {
        let now = SystemTime::now();
        let row = AuditRow {
            id: Uuid::now_v7(),
            at: now,
            actor: refused.caller,
            role: refused.role.map(word).unwrap_or_default().to_owned(),
            address: refused.address.map(|a| a.to_string()).unwrap_or_default(),
            method: refused.method.to_owned(),
            target: String::new(),
            request: None,
            before: None,
            after: None,
            outcome: "refused".to_owned(),
            error: Some(refused.reason),
            request_id: None,
            finished_at: Some(now),
        };
        let audit = self.clone();
        tokio::spawn(async move {
            if let Err(error) = audit.note(&row).await {
                tracing::warn!(
                    method = row.method,
                    "a refusal could not be noted in the audit: {error}"
                );
            }
        });
    }

    async fn note(&self, row: &AuditRow) -> Result<(), QueueError> {
        let record = serde_json::to_vec(row).unwrap_or_default();
        self.corner.note(row.id, &record).await?;
        self.news.notify_one();
        Ok(())
    }
}

impl Change {
    /// It was made; `after` is how things are now.
    pub(crate) async fn done(mut self, after: Value) {
        self.row.after = Some(after).filter(|after| !after.is_null());
        self.end("done", None).await;
    }

    /// It was not made, or not to its end; `after` says how far it came.
    pub(crate) async fn failed(mut self, status: &Status, after: Value) {
        self.row.after = Some(after).filter(|after| !after.is_null());
        self.end("failed", Some(status.message().to_owned())).await;
    }

    /// Notes how a change has ended that may have ended half-way, and hands the result on.
    pub(crate) async fn end_at(
        self,
        result: Result<(), Status>,
        after: Value,
    ) -> Result<(), Status> {
        match &result {
            Ok(()) => self.done(after).await,
            Err(status) => self.failed(status, after).await,
        }
        result
    }

    /// Notes the end, whichever it is, and hands the result on.
    pub(crate) async fn end_with<T>(
        self,
        result: Result<T, Status>,
        after: impl FnOnce(&T) -> Value,
    ) -> Result<T, Status> {
        match &result {
            Ok(made) => self.done(after(made)).await,
            Err(status) => self.failed(status, Value::Null).await,
        }
        result
    }

    async fn end(mut self, outcome: &str, error: Option<String>) {
        outcome.clone_into(&mut self.row.outcome);
        self.row.error = error;
        self.row.finished_at = Some(SystemTime::now());
        if let Err(error) = self.audit.note(&self.row).await {
            // What was begun is noted; that it has ended is lost.
            tracing::warn!(
                method = self.row.method,
                "the end of a change could not be noted in the audit: {error}"
            );
        }
    }
}
