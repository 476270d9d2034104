//! The embedded migrations.

use std::error::Error;

use deadpool_postgres::Object;

use crate::{Store, StoreError};

#[allow(
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    reason = "the code within is the macro's"
)]
mod embedded {
    refinery::embed_migrations!("migrations");
}

/// Any number that no other use of advisory locks in this database takes.
const LOCK: i64 = 0x7761_7970_6f73_7401;

impl Store {
    /// Brings the schema up to date and names what was applied, nothing when it was up to date. Several processes may
    /// call it at once: one does the work, the others wait for it.
    ///
    /// # Errors
    /// [`StoreError::Migration`] when a file fails or a file applied earlier has changed since.
    pub async fn migrate(&self) -> Result<Vec<String>, StoreError> {
        let client = self.client().await?;
        // Out of the pool, and closed at the end come what may: closing is what surely gives the lock back.
        let mut client = Object::take(client);
        client
            .batch_execute("SET statement_timeout = 0; SET client_min_messages = warning")
            .await?;
        client
            .execute("SELECT pg_advisory_lock($1)", &[&LOCK])
            .await?;
        let report = embedded::migrations::runner()
            .run_async(&mut *client)
            .await
            .map_err(|error| told(&error))?;
        let applied = report.applied_migrations().iter();
        Ok(applied
            .map(|m| format!("V{}__{}", m.version(), m.name()))
            .collect())
    }
}

fn told(error: &refinery::Error) -> StoreError {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(postgres) = inner.downcast_ref::<tokio_postgres::Error>() {
            let code = postgres.code().map_or("none", |code| code.code());
            // Migrations hold no data of anybody, so here the server's words are safe, and needed.
            let words = postgres.as_db_error().map_or("", |db| db.message());
            return StoreError::Migration(format!("SQLSTATE {code}: {words}"));
        }
        cause = inner.source();
    }
    StoreError::Migration(error.to_string())
}
