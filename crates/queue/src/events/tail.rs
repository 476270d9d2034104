//! Following the stream.

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::streams::{StreamRangeReply, StreamReadReply};
use redis::{FromRedisValue, ParsingError, RedisError, RedisResult, Value};

use super::{EventLog, Position, StoredEvent, stored};
use crate::connect::Redis;
use crate::error::QueueError;

/// Reads what is appended as it is appended, on a connection of its own.
pub struct EventTail {
    redis: Redis,
    connection: Option<MultiplexedConnection>,
    key: String,
}

/// Where a stream begins and ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// The oldest event that is kept.
    pub first: Option<Position>,
    /// The newest that ever was.
    pub last: Position,
    /// Whether older ones have gone.
    pub trimmed: bool,
}

/// Some events, and whether there are any missing before them.
#[derive(Debug)]
pub struct EventPage {
    /// In order.
    pub events: Vec<StoredEvent>,
    /// The stream at the moment of reading.
    pub bounds: Bounds,
}

impl EventTail {
    /// Follows the stream in `redis`. The connection is opened when it is first needed.
    pub fn new(redis: &Redis) -> Self {
        Self {
            redis: redis.clone(),
            connection: None,
            key: redis.keys().events(),
        }
    }

    /// Waits up to `wait` for events after `position`, and takes up to `limit`. None is no error.
    ///
    /// # Errors
    /// When Redis cannot be asked. The next call opens a new connection.
    pub async fn next(
        &mut self,
        position: Position,
        limit: usize,
        wait: Duration,
    ) -> Result<Vec<StoredEvent>, QueueError> {
        // Taken out for the time of the question: whoever drops this future in the middle of an answer gets a new one.
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.redis.waiting_connection().await?,
        };
        let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1);
        let mut command = redis::cmd("XREAD");
        command
            .arg("COUNT")
            .arg(limit)
            .arg("BLOCK")
            .arg(wait_ms)
            .arg("STREAMS")
            .arg(&self.key)
            .arg(position.to_string());
        let question = command.query_async::<Option<StreamReadReply>>(&mut connection);
        // A connection that went silent would be waited on for ever: nobody on the other side says that it has gone.
        let reply = tokio::time::timeout(wait + GRACE, question)
            .await
            .map_err(|_| RedisError::from(io::Error::from(io::ErrorKind::TimedOut)))??;
        self.connection = Some(connection);
        let streams = reply.map(|reply| reply.keys).unwrap_or_default();
        let ids = streams.into_iter().flat_map(|stream| stream.ids);
        Ok(ids.map(stored).collect())
    }
}

/// How much later than asked an answer may come.
const GRACE: Duration = Duration::from_secs(5);

impl EventLog {
    /// Up to `limit` events after `position`, with the bounds of the stream at that moment. One round trip.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn page(&self, position: Position, limit: usize) -> Result<EventPage, QueueError> {
        let mut range = redis::cmd("XRANGE");
        range
            .arg(&self.key)
            .arg(format!("({}", position.min(Position::LAST)))
            .arg("+")
            .arg("COUNT")
            .arg(limit);
        self.ask(range).await
    }

    /// The newest `limit` events, in order, with the bounds of the stream at that moment. One round trip.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn newest(&self, limit: usize) -> Result<EventPage, QueueError> {
        let mut range = redis::cmd("XREVRANGE");
        range
            .arg(&self.key)
            .arg("+")
            .arg("-")
            .arg("COUNT")
            .arg(limit);
        let mut page = self.ask(range).await?;
        page.events.reverse();
        Ok(page)
    }

    /// Where the stream begins and ends.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn bounds(&self) -> Result<Bounds, QueueError> {
        Ok(self.newest(1).await?.bounds)
    }

    async fn ask(&self, range: redis::Cmd) -> Result<EventPage, QueueError> {
        let mut info = redis::cmd("XINFO");
        info.arg("STREAM").arg(&self.key);
        // In one transaction: the bounds of a moment before or after could hide that events went meanwhile.
        let answers: Vec<RedisResult<Value>> = redis::pipe()
            .atomic()
            .add_command(range)
            .add_command(info)
            .ignore_errors()
            .query_async(&mut self.connection.clone())
            .await?;
        let mut answers = answers.into_iter();
        let range = answers.next().transpose()?.unwrap_or(Value::Nil);
        let range = StreamRangeReply::from_redis_value(range).map_err(RedisError::from)?;
        // What XINFO answers with an error is that there is no stream; the range would have met any other.
        let bounds = match answers.next() {
            Some(Ok(info)) => Bounds::read(info).map_err(RedisError::from)?,
            Some(Err(_)) | None => Bounds::default(),
        };
        Ok(EventPage {
            events: range.ids.into_iter().map(stored).collect(),
            bounds,
        })
    }
}

impl Bounds {
    /// Whether events after `position` are lost to whoever stopped there: they have gone, or the stream is another one.
    pub fn miss(&self, position: Position) -> bool {
        let gone = self.trimmed && self.first.is_none_or(|first| position < first.before());
        gone || position > self.last
    }

    fn read(info: Value) -> Result<Self, ParsingError> {
        let mut info: HashMap<String, Value> = redis::from_redis_value(info)?;
        let mut take = |name: &str| info.remove(name).unwrap_or(Value::Nil);
        let last: Option<String> = redis::from_redis_value(take("last-generated-id"))?;
        let added: Option<u64> = redis::from_redis_value(take("entries-added"))?;
        let length: Option<u64> = redis::from_redis_value(take("length"))?;
        let first: Option<(String, Value)> = redis::from_redis_value(take("first-entry"))?;
        let read = |text: &str| text.parse().unwrap_or_default();
        Ok(Self {
            first: first.map(|(id, _)| read(&id)),
            last: last.as_deref().map(read).unwrap_or_default(),
            trimmed: added > length,
        })
    }
}
