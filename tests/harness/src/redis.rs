use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::shared;

/// A test's own corner of the shared Redis.
#[derive(Clone, Debug)]
pub struct TestRedis {
    /// The shared server.
    pub url: String,
    /// A key prefix that no other test uses.
    pub prefix: String,
}

/// A corner of the shared Redis.
///
/// # Panics
/// When there is none and none can be started.
pub async fn redis() -> TestRedis {
    TestRedis {
        url: shared::urls().await.redis,
        prefix: format!("t{}:", unique()),
    }
}

impl TestRedis {
    /// A connection for looking at keys from outside.
    ///
    /// # Panics
    /// When Redis does not answer.
    pub async fn connect(&self) -> redis::aio::MultiplexedConnection {
        connect(&self.url).await
    }
}

pub(crate) async fn connect(url: &str) -> redis::aio::MultiplexedConnection {
    let client = redis::Client::open(url).expect("an address of Redis");
    client
        .get_multiplexed_async_connection()
        .await
        .expect("Redis answers")
}

/// A word that no other test of any process that shares our servers uses.
pub(crate) fn unique() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!(
        "{}_{}_{:08x}",
        process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed),
        // Process numbers come again; random bits do not.
        uuid::Uuid::now_v7().as_u128() as u32
    )
}
