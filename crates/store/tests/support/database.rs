//! A database of its own for each test.

use std::sync::atomic::{AtomicU32, Ordering};

use waypost_store::{Store, StoreSettings};

/// A fresh, migrated database.
pub struct TestDatabase {
    pub url: String,
}

static COUNT: AtomicU32 = AtomicU32::new(0);

/// Makes one on the server that `WAYPOST_TEST_DATABASE_URL` names.
pub async fn database() -> TestDatabase {
    let database = empty().await;
    let store = Store::connect(&StoreSettings::for_url(&database.url)).await;
    store.unwrap().migrate().await.unwrap();
    database
}

/// Makes one without tables.
pub async fn empty() -> TestDatabase {
    let server = std::env::var("WAYPOST_TEST_DATABASE_URL")
        .expect("set WAYPOST_TEST_DATABASE_URL, like postgres://postgres@127.0.0.1:5432/postgres");
    let name = format!(
        "store_test_{}_{}",
        std::process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed)
    );
    let admin = super::connect(&server).await;
    admin
        .batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        .await
        .unwrap();
    admin
        .batch_execute(&format!("CREATE DATABASE {name}"))
        .await
        .unwrap();
    let base = server.rsplit_once('/').unwrap().0;
    TestDatabase {
        url: format!("{base}/{name}"),
    }
}
