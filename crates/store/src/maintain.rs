//! What has to be done every now and then: partitions, retention, trims, and a second look at projections.

use std::time::{Duration, SystemTime};

use deadpool_postgres::{ClientWrapper, Object};

use crate::persist::project_range;
use crate::sql::At;
use crate::{Store, StoreError};

mod partitions;

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Maintained {
    /// Another process was at it, so nothing was done here.
    pub skipped: bool,
    /// Partitions of `webhooks` made.
    pub created: Vec<String>,
    /// Partitions of `webhooks` dropped.
    pub dropped: Vec<String>,
    /// Raw webhooks removed one by one, from the partition that catches what has no day.
    pub expired_webhooks: u64,
    /// Contents forgotten by the five-second window.
    pub trimmed_windows: u64,
    /// Sent messages whose state had fallen behind their statuses.
    pub projected: u64,
}

/// Apart from the lock of the migrations and those of the contacts.
const LOCK: i64 = 0x7761_7970_6f73_7402;
/// How long a content is remembered after it was last seen: two deliveries of one moment seldom lie further apart, and what
/// Meta redelivers after an outage comes back in one go.
const REMEMBER: Duration = Duration::from_secs(60 * 60);
/// What one pass of projections covers at a time, so that no statement takes for ever.
const SLICE: Duration = Duration::from_secs(60);
/// Overlap with the pass before: `created_at` is set when a row is inserted, which is some time before it can be seen.
const OVERLAP: Duration = Duration::from_secs(3 * 60);

const TRIM: &str = "DELETE FROM content_windows WHERE seen_at < $1";
const DONE_TO: &str = "SELECT done_to FROM maintenance WHERE name = 'project'";
const SET_DONE_TO: &str = "
INSERT INTO maintenance (name, done_to) VALUES ('project', $1)
ON CONFLICT (name) DO UPDATE SET done_to = excluded.done_to";

impl Store {
    /// Does what is due. To be called every minute or so by every worker: one of them does it, the others skip.
    ///
    /// # Errors
    /// When Postgres can't do it now; what was done stays done, and the next call goes on.
    pub async fn maintain(&self) -> Result<Maintained, StoreError> {
        // Out of the pool and closed at the end: whatever stops us, the lock is given back.
        let client = Object::take(self.client().await?);
        self.maintain_on(&client).await
    }

    async fn maintain_on(&self, client: &ClientWrapper) -> Result<Maintained, StoreError> {
        let locked = client
            .query_one("SELECT pg_try_advisory_lock($1)", &[&LOCK])
            .await?;
        if !locked.get::<_, bool>(0) {
            return Ok(Maintained {
                skipped: true,
                ..Maintained::default()
            });
        }
        self.locked(client).await
    }

    async fn locked(&self, client: &ClientWrapper) -> Result<Maintained, StoreError> {
        let now = SystemTime::now();
        let mut done = Maintained::default();
        partitions::create_ahead(client, now, &mut done).await?;
        partitions::expire(client, now, self.settings().retention, &mut done).await?;
        done.trimmed_windows = client.execute(TRIM, &[&At(now - REMEMBER)]).await?;
        done.projected = project_due(client, now).await?;
        Ok(done)
    }
}

/// Goes over what was written since the last pass.
async fn project_due(client: &ClientWrapper, now: SystemTime) -> Result<u64, StoreError> {
    let before: Option<SystemTime> = client.query_opt(DONE_TO, &[]).await?.map(|row| row.get(0));
    let mut from = before.unwrap_or(now - REMEMBER) - OVERLAP;
    let mut projected = 0;
    while from < now {
        let to = (from + SLICE).min(now);
        projected += project_range(client, from, to).await?;
        client.execute(SET_DONE_TO, &[&At(to)]).await?;
        from = to;
    }
    Ok(projected)
}

/// Runs statements that take heavy locks: rather not now than everybody waiting behind us.
async fn briefly(client: &ClientWrapper, statements: &[String]) -> Result<(), StoreError> {
    let script = format!(
        "BEGIN; SET LOCAL lock_timeout = '2s'; {}; COMMIT",
        statements.join("; ")
    );
    // On an error it stops in the middle of its transaction, which ends with the connection.
    Ok(client.batch_execute(&script).await?)
}
