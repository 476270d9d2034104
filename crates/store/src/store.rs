//! The handle.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Object, Pool};

use crate::{StoreError, StoreSettings, connect, watch};

/// What an answer may take beyond the server's own limit.
pub(crate) const GRACE: Duration = Duration::from_secs(5);

/// The way to Postgres. Cheap to clone; all clones share one pool.
#[derive(Clone)]
pub struct Store {
    pool: Pool,
    settings: Arc<StoreSettings>,
}

impl Store {
    /// Checks the settings and prepares the pool. It does not need Postgres to be there yet: [`Store::ping`] tells.
    ///
    /// # Errors
    /// [`StoreError::Settings`] when they can't work.
    #[expect(
        clippy::unused_async,
        reason = "must be called within a runtime, and may come to wait for something"
    )]
    pub async fn connect(settings: &StoreSettings) -> Result<Self, StoreError> {
        let pool = connect::pool(settings)?;
        watch::watch(&pool);
        Ok(Self {
            pool,
            settings: Arc::new(settings.clone()),
        })
    }

    /// Asks Postgres for an answer.
    ///
    /// # Errors
    /// When none comes.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let client = self.client().await?;
        let answer = self.within(client.batch_execute("SELECT 1")).await;
        self.settle(client, answer)
    }

    /// Waits for the server no longer than it may take itself, and a little: a server that has stopped in its tracks does not
    /// even say that it timed out.
    pub(crate) async fn within<T, E: Into<StoreError>>(
        &self,
        answer: impl Future<Output = Result<T, E>>,
    ) -> Result<T, StoreError> {
        let limit = self.settings.statement_timeout + GRACE;
        match tokio::time::timeout(limit, answer).await {
            Ok(answer) => answer.map_err(Into::into),
            Err(_) => Err(StoreError::timeout("no answer at all")),
        }
    }

    pub(crate) async fn client(&self) -> Result<Object, StoreError> {
        Ok(self.pool.get().await?)
    }

    pub(crate) fn settings(&self) -> &StoreSettings {
        &self.settings
    }

    /// Hands the connection back, or throws it away when the error may be the connection's own: broken, in recovery,
    /// or with statements prepared for a schema that has changed since.
    pub(crate) fn settle<T, E: Into<StoreError>>(
        &self,
        client: Object,
        result: Result<T, E>,
    ) -> Result<T, StoreError> {
        result.map_err(|error| {
            let error = error.into();
            discard_if_suspect(client, &error);
            error
        })
    }
}

/// See [`Store::settle`]. Gives the connection back when it is above suspicion.
pub(crate) fn discard_if_suspect(client: Object, error: &StoreError) -> Option<Object> {
    if error.is_transient() && !error.is_conflict() {
        drop(Object::take(client));
        return None;
    }
    Some(client)
}
