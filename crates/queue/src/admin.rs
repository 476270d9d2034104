//! What the admin plane keeps in Redis: the secret that its replicas share, and the audit on its way to Postgres.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use redis::Script;
use uuid::Uuid;

use crate::connect::Redis;
use crate::error::QueueError;

/// Takes a record away only if it is still the one that was read: meanwhile its end may have been noted.
/// KEYS: 1 records. ARGV: for each: id, record.
static FORGET: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "for at = 1, #ARGV, 2 do
           if redis.call('HGET', KEYS[1], ARGV[at]) == ARGV[at + 1] then redis.call('HDEL', KEYS[1], ARGV[at]) end
         end",
    )
});

/// Ids and records, as Redis scans them.
type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// The corner of Redis that belongs to the admin plane.
#[derive(Clone)]
pub struct AdminCorner {
    redis: Redis,
}

impl AdminCorner {
    /// [`AdminCorner::notes`] answers about so many at most.
    pub const PAGE: usize = 512;

    /// The one in `redis`.
    pub fn new(redis: &Redis) -> Self {
        Self {
            redis: redis.clone(),
        }
    }

    /// A secret that all replicas share. `proposed` becomes it when there is none yet.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn secret(&self, proposed: &[u8]) -> Result<Vec<u8>, QueueError> {
        let key = self.redis.keys().admin("secret");
        let (_, secret): ((), Vec<u8>) = redis::pipe()
            .atomic()
            .cmd("SET")
            .arg(&key)
            .arg(proposed)
            .arg("NX")
            .cmd("GET")
            .arg(&key)
            .query_async(&mut self.redis.connection())
            .await?;
        Ok(secret)
    }

    /// The time by Redis' clock, which the queues go by.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn now(&self) -> Result<SystemTime, QueueError> {
        let (seconds, micros): (u64, u64) = redis::cmd("TIME")
            .query_async(&mut self.redis.connection())
            .await?;
        Ok(UNIX_EPOCH + Duration::from_secs(seconds) + Duration::from_micros(micros))
    }

    /// Notes a record of the audit, or what it has become.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn note(&self, id: Uuid, record: &[u8]) -> Result<(), QueueError> {
        redis::cmd("HSET")
            .arg(self.audit())
            .arg(&id.as_bytes()[..])
            .arg(record)
            .exec_async(&mut self.redis.connection())
            .await?;
        Ok(())
    }

    /// Records that Postgres may not have yet: some hundreds of them, in no order.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn notes(&self) -> Result<Vec<(Uuid, Vec<u8>)>, QueueError> {
        let (mut notes, mut cursor) = (Vec::new(), 0_u64);
        loop {
            let (next, pairs): (u64, Pairs) = redis::cmd("HSCAN")
                .arg(self.audit())
                .arg(cursor)
                .arg("COUNT")
                .arg(256)
                .query_async(&mut self.redis.connection())
                .await?;
            let read =
                |(id, record): (Vec<u8>, Vec<u8>)| Some((Uuid::from_slice(&id).ok()?, record));
            notes.extend(pairs.into_iter().filter_map(read));
            cursor = next;
            if cursor == 0 || notes.len() >= Self::PAGE {
                return Ok(notes);
            }
        }
    }

    /// Takes records away that Postgres has, unless they have become something else meanwhile.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn forget(&self, notes: &[(Uuid, Vec<u8>)]) -> Result<(), QueueError> {
        for page in notes.chunks(256) {
            let mut call = FORGET.prepare_invoke();
            call.key(self.audit());
            for (id, record) in page {
                call.arg(&id.as_bytes()[..]).arg(&record[..]);
            }
            let () = call.invoke_async(&mut self.redis.connection()).await?;
        }
        Ok(())
    }

    fn audit(&self) -> String {
        self.redis.keys().admin("audit")
    }
}

impl crate::outbox::Outbox {
    /// Whether anything was ever accepted from a number, or the file of numbers names it.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn knows_number(&self, phone_number_id: &str) -> Result<bool, QueueError> {
        Ok(redis::cmd("SISMEMBER")
            .arg(self.of(phone_number_id).key("all"))
            .arg(phone_number_id)
            .query_async(&mut self.redis.connection())
            .await?)
    }
}
