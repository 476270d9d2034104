use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use tokio_postgres::NoTls;
use waypost_harness::{Services, TestDatabase, database, eventually, redis};
use waypost_queue::{
    DeadFilter, DeadLetter, EventLog, EventSettings, Inbox, InboxStats, Redis, RedisSettings,
};
use waypost_store::{Store, StoreSettings, Summary};

/// The servers and settings of one test, and what can be seen of them from outside.
pub struct Stage {
    /// Starts ingress and worker with this stage's settings.
    pub services: Services,
    /// The queue, as an operator sees it.
    pub inbox: Inbox,
    /// The same Redis, for tests that take part in the queue themselves.
    pub redis: Redis,
    events: EventLog,
    store: Store,
    redis_url: String,
    database_url: String,
    /// Dropped with the stage, and the database with it. `None` on a private server.
    _database: Option<TestDatabase>,
}

/// An event as a browser would get it.
#[derive(Clone, Debug)]
pub struct Heard {
    /// Same effect, same id.
    pub id: String,
    /// `message`, `status`, `contact` or `account`.
    pub kind: String,
    /// The business number.
    pub phone_number_id: String,
    /// The body.
    pub data: Value,
}

impl Stage {
    /// A stage in a corner of the shared servers.
    pub async fn new() -> Self {
        let (redis, database) = (redis().await, database().await);
        let mut stage = Self::open(&redis.url, &redis.prefix, &database.url).await;
        stage._database = Some(database);
        stage
    }

    /// A stage on the shared Postgres, and on any Redis.
    pub async fn on_redis(redis_url: &str) -> Self {
        let database = database().await;
        let mut stage = Self::open(redis_url, "wp:", &database.url).await;
        stage._database = Some(database);
        stage
    }

    /// A stage on the shared Redis, and on any database, which gets its tables.
    pub async fn on_postgres(database_url: &str) -> Self {
        let redis = redis().await;
        let stage = Self::open(&redis.url, &redis.prefix, database_url).await;
        stage.store.migrate().await.expect("the migrations");
        stage
    }

    /// Another queue in front of the same database: what comes in there is told to nobody here.
    pub async fn beside(&self) -> Self {
        let redis = redis().await;
        Self::open(&redis.url, &redis.prefix, &self.database_url).await
    }

    async fn open(redis_url: &str, prefix: &str, database_url: &str) -> Self {
        let settings = RedisSettings::for_url(redis_url).with_prefix(prefix);
        let redis = Redis::connect(&settings).await.expect("Redis");
        let store = Store::connect(&StoreSettings::for_url(database_url).with_pool(2)).await;
        let services = Services::at(redis_url, prefix, database_url)
            // Three attempts are to be seen in a second, not in six.
            .with("worker.backoff", "100ms")
            .with("events.keep", "1000000");
        Self {
            services,
            inbox: Inbox::new(&redis, 1),
            events: EventLog::new(&redis, &EventSettings::default()),
            redis,
            store: store.expect("an address of Postgres"),
            redis_url: redis_url.to_owned(),
            database_url: database_url.to_owned(),
            _database: None,
        }
    }

    /// The same with one setting changed, by its dotted path.
    #[must_use]
    pub fn with(mut self, path: &str, value: impl Into<String>) -> Self {
        self.services = self.services.with(path, value);
        self
    }

    /// Where this stage's Redis is.
    pub fn redis_url(&self) -> &str {
        &self.redis_url
    }

    /// Where this stage's database is.
    pub fn database_url(&self) -> &str {
        &self.database_url
    }

    /// The figures of the queue; `None` while Redis is away.
    pub async fn try_stats(&self) -> Option<InboxStats> {
        self.inbox.stats().await.ok()
    }

    /// The figures of the queue.
    pub async fn stats(&self) -> InboxStats {
        self.inbox.stats().await.expect("the queue's figures")
    }

    /// Waits until nothing waits, is held or is put off. Whatever was answered 200 before has then been handled.
    pub async fn drained(&self, within: Duration) {
        eventually(within, "the queue is drained", async || {
            self.try_stats()
                .await
                .is_some_and(|stats| stats.is_drained())
        })
        .await;
    }

    /// All dead letters.
    pub async fn dead_letters(&self) -> Vec<DeadLetter> {
        let mut letters = Vec::new();
        for partition in self.inbox.dead_letters() {
            let found = partition.list(&DeadFilter::default()).await;
            letters.extend(found.expect("the dead letters"));
        }
        letters
    }

    /// All events so far, oldest first.
    pub async fn events(&self) -> Vec<Heard> {
        let mut heard = Vec::new();
        let mut position = "-".to_owned();
        loop {
            let page = self.events.after(&position, 1_000).await;
            let page = page.expect("the events");
            let Some(last) = page.last() else {
                return heard;
            };
            position.clone_from(&last.position);
            heard.extend(page.into_iter().map(|event| Heard {
                data: serde_json::from_str(&event.data).expect("an event is JSON"),
                id: event.id,
                kind: event.kind,
                phone_number_id: event.phone_number_id,
            }));
        }
    }

    /// All events of one kind.
    pub async fn events_of(&self, kind: &str) -> Vec<Heard> {
        let mut events = self.events().await;
        events.retain(|event| event.kind == kind);
        events
    }

    /// What the tables hold.
    pub async fn summary(&self) -> Summary {
        self.store.summary().await.expect("what the tables hold")
    }

    /// A single number, from a query that selects one `bigint`.
    pub async fn count(&self, query: &str) -> i64 {
        self.query(query).await[0].get(0)
    }

    /// A column of texts.
    pub async fn texts(&self, query: &str) -> Vec<String> {
        let rows = self.query(query).await;
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// Texts by text, from a query that selects two columns, the first of which is unique.
    pub async fn pairs(&self, query: &str) -> BTreeMap<String, Option<String>> {
        let rows = self.query(query).await;
        let pairs = rows.iter().map(|row| (row.get(0), row.get(1)));
        pairs.collect()
    }

    /// Any query.
    pub async fn query(&self, query: &str) -> Vec<tokio_postgres::Row> {
        let client = self.connect().await;
        let rows = client.query(query, &[]).await;
        rows.unwrap_or_else(|error| panic!("{query}: {error:?}"))
    }

    /// A connection to the database.
    pub async fn connect(&self) -> tokio_postgres::Client {
        let (client, connection) = tokio_postgres::connect(&self.database_url, NoTls)
            .await
            .expect("Postgres answers");
        // Ends when the client is dropped.
        tokio::spawn(connection);
        client
    }
}

impl Heard {
    /// A member of the body that is a text; `""` when it is none.
    pub fn text(&self, key: &str) -> &str {
        self.data[key].as_str().unwrap_or_default()
    }
}
