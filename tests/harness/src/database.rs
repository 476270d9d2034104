use std::thread;
use std::time::Duration;

use tokio::sync::OnceCell;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, NoTls};
use waypost_store::{Store, StoreSettings};

use crate::redis::unique;
use crate::shared;

/// The database with all migrations applied that every test's own is copied from.
const TEMPLATE: &str = "waypost_template";

/// Held exclusively to make the template, shared to copy it: Postgres copies only databases that nobody is connected to.
const LOCK: i64 = 0x7761_7970_7465_6d70;

/// A database of one test's own, with all migrations applied. Dropped with this value.
#[derive(Debug)]
pub struct TestDatabase {
    /// Its address.
    pub url: String,
    name: String,
    maintenance: String,
}

/// A fresh database.
///
/// # Panics
/// When there is no Postgres and none can be started, or a migration fails.
pub async fn database() -> TestDatabase {
    static TEMPLATE_MADE: OnceCell<()> = OnceCell::const_new();
    let maintenance = shared::urls().await.maintenance;
    TEMPLATE_MADE
        .get_or_init(|| prepare_template(&maintenance))
        .await;
    let name = format!("t{}", unique());
    let client = connect(&maintenance).await;
    // The connection's end gives the lock back.
    lock(&client, "pg_advisory_lock_shared").await;
    copy_template(&client, &name).await;
    TestDatabase {
        url: with_database(&maintenance, &name),
        name,
        maintenance,
    }
}

impl TestDatabase {
    /// A connection for looking at rows from outside.
    ///
    /// # Panics
    /// When Postgres does not answer.
    pub async fn connect(&self) -> Client {
        connect(&self.url).await
    }

    /// A single number, from a query without parameters that selects one `bigint`.
    ///
    /// # Panics
    /// When the query fails or selects something else.
    pub async fn count(&self, query: &str) -> i64 {
        self.connect()
            .await
            .query_one(query, &[])
            .await
            .unwrap_or_else(|error| panic!("{query}: {error:?}"))
            .get(0)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let maintenance = self.maintenance.clone();
        // A drop cannot wait in the test's runtime, which may be ending.
        let dropping = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .ok()?;
            runtime.block_on(async {
                let client = try_connect(&maintenance).await.ok()?;
                client.batch_execute(&statement).await.ok()
            })
        });
        // The whole server goes at the end anyway: a database left over costs only its space.
        let _ = dropping.join();
    }
}

async fn prepare_template(maintenance: &str) {
    let client = connect(maintenance).await;
    lock(&client, "pg_advisory_lock").await;
    let url = with_database(maintenance, TEMPLATE);
    create_if_missing(&client).await;
    if migrate(&url).await.is_err() {
        // A file that was applied has changed since: a template of an earlier state of the sources.
        let drop = format!("DROP DATABASE {TEMPLATE} WITH (FORCE)");
        client
            .batch_execute(&drop)
            .await
            .expect("drop the old template");
        create_if_missing(&client).await;
        migrate(&url)
            .await
            .unwrap_or_else(|error| panic!("the migrations fail: {error}"));
    }
    let leave = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1";
    client
        .execute(leave, &[&TEMPLATE])
        .await
        .expect("empty the template");
}

async fn create_if_missing(client: &Client) {
    let known = client
        .query_opt("SELECT 1 FROM pg_database WHERE datname = $1", &[&TEMPLATE])
        .await
        .expect("look for the template");
    if known.is_none() {
        let create = format!("CREATE DATABASE {TEMPLATE}");
        client
            .batch_execute(&create)
            .await
            .expect("create the template");
    }
}

async fn migrate(url: &str) -> Result<(), waypost_store::StoreError> {
    let store = Store::connect(&StoreSettings::for_url(url)).await?;
    store.migrate().await.map(drop)
}

async fn copy_template(client: &Client, name: &str) {
    let create = format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}");
    // A connection that was told to end may need a moment for it.
    let made = async || match client.batch_execute(&create).await {
        Ok(()) => true,
        Err(error) if error.code() == Some(&SqlState::OBJECT_IN_USE) => false,
        Err(error) => panic!("create a database for a test: {error:?}"),
    };
    crate::eventually(Duration::from_secs(20), "nobody uses the template", made).await;
}

async fn lock(client: &Client, function: &str) {
    let statement = format!("SELECT {function}({LOCK})");
    client
        .batch_execute(&statement)
        .await
        .expect("lock the template");
}

async fn connect(url: &str) -> Client {
    try_connect(url)
        .await
        .unwrap_or_else(|error| panic!("Postgres does not answer: {error:?}"))
}

async fn try_connect(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    // Ends when the client is dropped.
    tokio::spawn(connection);
    Ok(client)
}

/// The same server, another database.
fn with_database(url: &str, name: &str) -> String {
    // Checked first, so that what follows only has to find the path.
    url.parse::<Config>().expect("an address of Postgres");
    let (base, query) = url
        .split_once('?')
        .map_or((url, None), |(base, query)| (base, Some(query)));
    let authority = base.find("://").map_or(0, |at| at + 3);
    let end = base[authority..]
        .find('/')
        .map_or(base.len(), |at| authority + at);
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}/{name}{query}", &base[..end])
}

#[cfg(test)]
mod tests {
    use super::with_database;

    #[test]
    fn another_database_of_the_same_server() {
        for (url, wanted) in [
            ("postgres://u:p@h:1/postgres", "postgres://u:p@h:1/x"),
            ("postgres://u:p@h:1", "postgres://u:p@h:1/x"),
            (
                "postgres://h/a?sslmode=disable",
                "postgres://h/x?sslmode=disable",
            ),
        ] {
            assert_eq!(with_database(url, "x"), wanted);
        }
    }
}
