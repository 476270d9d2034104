//! The pool of connections.

use std::time::Duration;

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use secrecy::ExposeSecret;
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;

use crate::{StoreError, StoreSettings, TlsMode, tls};

/// A pool that connects when asked, so that a process may start while Postgres is down.
pub(crate) fn pool(settings: &StoreSettings) -> Result<Pool, StoreError> {
    let config = config(settings)?;
    let connector = tls::connector(settings.tls, settings.tls_ca.as_deref())?;
    let manager = Manager::from_config(
        config,
        connector,
        ManagerConfig {
            // No round trip per checkout: a dead connection shows when used, and every call of ours may be repeated.
            recycling_method: RecyclingMethod::Fast,
        },
    );
    let set_up = set_up(settings.statement_timeout);
    Pool::builder(manager)
        .max_size(settings.pool)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(settings.connect_timeout))
        .create_timeout(Some(settings.connect_timeout))
        .post_create(Hook::async_fn(move |client, _| {
            let set_up = set_up.clone();
            Box::pin(async move {
                let done = client.batch_execute(&set_up).await;
                done.map_err(HookError::Backend)
            })
        }))
        .build()
        .map_err(|error| StoreError::Settings(error.to_string()))
}

fn config(settings: &StoreSettings) -> Result<Config, StoreError> {
    let mut config: Config = settings.url.expose_secret().parse().map_err(|_| {
        // The driver's own text may quote the URL, and with it the password.
        StoreError::Settings(
            "postgres.url is not a connection URL; want postgres://user:password@host:port/database"
                .to_owned(),
        )
    })?;
    if config.get_application_name().is_none() {
        config.application_name("waypost");
    }
    config
        .ssl_mode(match settings.tls {
            TlsMode::Off => SslMode::Disable,
            TlsMode::Prefer => SslMode::Prefer,
            TlsMode::Require => SslMode::Require,
        })
        .connect_timeout(settings.connect_timeout)
        .keepalives(true)
        .keepalives_idle(Duration::from_secs(30))
        .keepalives_interval(Duration::from_secs(5))
        // Without it a server that vanished in mid-statement is noticed by the kernel after a quarter of an hour.
        .tcp_user_timeout(settings.statement_timeout.min(Duration::from_secs(15)));
    Ok(config)
}

/// A process that stands still in the middle of a transaction keeps its locks, and others wait for them. Our
/// transactions only pause to compute, so this long means stopped or cut off; then the server ends it. Whoever waits
/// longer for a lock looks for the one that stands still, see `persist::relieve`.
pub(crate) const STANDS_STILL: Duration = Duration::from_secs(5);

/// What each new connection is told. `unnest` of a parameter hides its length from the planner, and a plan made for
/// the empty table of the first minute would scan the full one of the first hour: so always the generic plan, one
/// lookup by index for each element. Compiling such a plan costs more than running it.
fn set_up(statement_timeout: Duration) -> String {
    format!(
        "SET statement_timeout = {}; SET idle_in_transaction_session_timeout = {}; SET lock_timeout = {}; SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; \
         SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_memoize = off; SET jit = off; SET timezone = 'UTC'",
        statement_timeout.as_millis().max(1),
        STANDS_STILL.as_millis(),
        STANDS_STILL.as_millis()
    )
}
