//! Ends transactions of ours whose process stands still in the middle of sending.
//!
//! A process that was stopped, or whose machine is gone, may have been sending rows. Its statement is then active, not
//! idle, so that no timeout of the server's applies while it waits for the next bytes, and its locks stay. Whoever
//! waits for such a lock in vain comes here.

use deadpool_postgres::Client;

use crate::StoreError;
use crate::connect::STANDS_STILL;

/// Only sessions of the same program, user and database: nobody else's are ours to end. A healthy one that is ended by
/// mistake loses nothing; its batch is written again.
const RELIEVE: &str = "\
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
    WHERE datname = current_database() AND usename = current_user \
    AND application_name = current_setting('application_name') AND pid <> pg_backend_pid() \
    AND state <> 'idle' AND wait_event = 'ClientRead' \
    AND state_change < clock_timestamp() - make_interval(secs => $1)";

/// Whether the error says that somebody waited too long: for a lock, or within a statement.
pub(super) fn waited_too_long(error: &StoreError) -> bool {
    matches!(error.code(), Some("55P03" | "57014"))
}

/// Ends them; answers how many.
pub(super) async fn relieve(client: &Client) -> Result<i64, StoreError> {
    let statement = client.prepare_cached(RELIEVE).await?;
    let ended = client
        .query_one(&statement, &[&STANDS_STILL.as_secs_f64()])
        .await?;
    Ok(ended.get(0))
}
