//! Ingress and worker of one test, and what they left behind.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use serde_json::{Value, json};
use uuid::Uuid;
use waypost_harness::otlp::Receiver;
use waypost_harness::services::Running;
use waypost_harness::{Services, TestDatabase, TestRedis, database, eventually_some, redis};
use waypost_model::{OnUnknown, Priority, Recipient};
use waypost_queue::{
    Acceptor, EventLog, EventSettings, OutboxSettings, Outgoing, Redis, RedisSettings, StoredEvent,
};

use waypost_whatsapp::echo::callback;

use crate::telemetry;

pub(crate) const NUMBER: &str = "200000000000001";
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Stage {
    pub(crate) collector: &'static Receiver,
    pub(crate) ingress: Running,
    pub(crate) worker: Running,
    pub(crate) redis: Redis,
    pub(crate) database: TestDatabase,
    _corner: TestRedis,
}

impl Stage {
    pub(crate) async fn set(settings: &[(&str, &str)]) -> Self {
        let collector = telemetry::collector();
        let (corner, database) = (redis().await, database().await);
        let mut services = Services::on(&corner, &database);
        for (path, value) in settings {
            services = services.with(path, *value);
        }
        let mut at = RedisSettings::for_url(&corner.url);
        at.prefix.clone_from(&corner.prefix);
        Self {
            collector,
            ingress: services.ingress().await,
            worker: services.worker().await,
            redis: Redis::connect(&at).await.unwrap(),
            database,
            _corner: corner,
        }
    }

    /// Posts a webhook.
    pub(crate) async fn post(&self, body: &Bytes) {
        assert_eq!(self.ingress.client().post(body.clone()).await.unwrap(), 200);
    }

    /// The events so far, once there are so many.
    pub(crate) async fn events(&self, count: usize) -> Vec<StoredEvent> {
        let log = EventLog::new(&self.redis, &EventSettings { keep: 1000 });
        eventually_some(PATIENCE, &format!("{count} events"), async || {
            let events = log.after("-", 1000).await.unwrap();
            (events.len() >= count).then_some(events)
        })
        .await
    }

    /// One text of one row.
    pub(crate) async fn text(&self, query: &str) -> Option<String> {
        let client = self.database.connect().await;
        client.query_one(query, &[]).await.unwrap().get(0)
    }

    /// Accepts a message to send, as the ingress would, in this trace.
    pub(crate) async fn accept(&self, traceparent: &str) -> Uuid {
        let (acceptor, task) = Acceptor::start(self.redis.clone(), &OutboxSettings::default());
        let id = Uuid::now_v7();
        let accepted = acceptor.accept(outgoing(id, traceparent), None).await;
        accepted.unwrap();
        drop(acceptor);
        task.finished().await;
        id
    }

    pub(crate) async fn stop(self) {
        self.ingress.stop().await;
        self.worker.stop().await;
    }
}

fn outgoing(id: Uuid, traceparent: &str) -> Outgoing {
    Outgoing {
        id,
        accepted_at: SystemTime::now(),
        request_id: Uuid::now_v7(),
        traceparent: traceparent.to_owned(),
        phone_number_id: NUMBER.to_owned(),
        account: String::new(),
        recipient: Recipient::Phone("491701".to_owned()),
        kind: "text".to_owned(),
        priority: Priority::Normal,
        on_unknown: OnUnknown::Fail,
        send_at: None,
        expires_at: None,
        callback_data: None,
        key_name: "test".to_owned(),
        by_link: false,
        body: Bytes::from_static(b"{\"type\":\"text\"}"),
    }
}

/// A webhook with one list of things.
pub(crate) fn webhook(kind: &str, items: &[Value]) -> Bytes {
    let value = json!({ "messaging_product": "whatsapp", kind: items,
        "metadata": { "display_phone_number": "15550000001", "phone_number_id": NUMBER } });
    let change = json!({ "field": "messages", "value": value });
    let entry = json!({ "id": "100000000000001", "changes": [change] });
    Bytes::from(json!({ "object": "whatsapp_business_account", "entry": [entry] }).to_string())
}

/// A text of somebody.
pub(crate) fn message(wamid: &str) -> Value {
    json!({ "id": wamid, "from": "491701", "timestamp": now().to_string(), "type": "text",
        "text": { "body": wamid } })
}

/// A status of a message of ours, some seconds ago.
pub(crate) fn status(id: Uuid, word: &str, ago: u64) -> Value {
    json!({ "id": format!("wamid.{id}"), "status": word, "timestamp": (now() - ago).to_string(),
        "recipient_id": "491701", "biz_opaque_callback_data": callback(id) })
}

/// Seconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap().as_secs()
}
