//! Leasing lane heads that may go now.

use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use redis::Value;
use redis::aio::MultiplexedConnection;
use tokio::sync::Mutex;
use uuid::Uuid;
use waypost_telemetry::metrics::dispatcher;
use waypost_telemetry::metrics::label::Limit;

use crate::connect::Redis;
use crate::consumer::as_millis;
use crate::envelope::{Envelope, EnvelopeError, Kind};
use crate::error::QueueError;
use crate::keys::LaneKeys;
use crate::outbox::outgoing::Outgoing;
use crate::outbox::progress::Progress;
use crate::outbox::settings::{LaneSettings, OutboxSettings};
use crate::script;

/// Longest single wait. Short, so that a pause or a stop is noticed soon.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// Bytes before the entry in an element of a lane: see `lua/lanes/common.lua`.
pub(crate) const HEAD: usize = 10;

/// One dispatcher's share of one partition, under an id that no other process start ever has.
pub struct LaneConsumer {
    pub(crate) redis: Redis,
    pub(crate) keys: LaneKeys,
    pub(crate) id: String,
    pub(crate) settings: LaneSettings,
    pub(crate) compress_above: usize,
    /// Held while Redis is asked, so that reservations and adoptions do not mix.
    numbering: Mutex<Numbering>,
}

#[derive(Default)]
struct Numbering {
    /// Number of the next reservation; it moves on only when an answer has arrived.
    next: u64,
    /// It has been asked for before, and the answer was lost.
    in_doubt: bool,
    /// Calls so far.
    calls: u64,
}

/// What a reservation brought.
pub enum LaneReserved {
    /// Heads to deal with.
    Turns(Vec<Turn>),
    /// Nothing may go; something may after this time, or when [`LaneWaiter::wait`] returns.
    Empty(Duration),
    /// The outbox is paused.
    Paused,
}

/// Why a lane's head was handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// To be sent: every limit has been asked.
    Send,
    /// To be sent, as the one message that finds out whether Meta is back.
    Probe,
    /// Its time is over.
    Expired {
        /// While its number was stopped.
        stopped: bool,
    },
    /// Its outcome is unknown and the time to wait for an echo is over: its policy decides.
    Overdue,
    /// The dispatcher that was to send it has died. Whether it did is unknown.
    Orphaned,
}

/// The head of a lane, leased: nobody else has it until it is settled or the lease lapses.
pub struct Turn {
    /// The lane's name. Contains a phone number: never log it.
    pub lane: String,
    /// The message, or why it cannot be read.
    pub outgoing: Result<Outgoing, EnvelopeError>,
    /// How far it has come.
    pub progress: Progress,
    /// Why it was handed out.
    pub cause: Cause,
    /// The entry as it lies in the lane, without its head.
    pub(crate) entry: Bytes,
    /// The name under which the lease is known.
    pub(crate) token: String,
}

impl LaneConsumer {
    /// Joins a partition: makes an id and starts its lease.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn join(
        redis: &Redis,
        outbox: &OutboxSettings,
        settings: &LaneSettings,
        partition: u16,
    ) -> Result<Self, QueueError> {
        let keys = redis.keys().lanes(partition);
        let id = Uuid::now_v7().to_string();
        let _: u32 = script::JOIN
            .key(keys.key("leases"))
            .key(keys.key("beats"))
            .arg(&id)
            .arg(as_millis(settings.lease))
            .invoke_async(&mut redis.connection())
            .await?;
        Ok(Self {
            redis: redis.clone(),
            keys,
            id,
            settings: settings.clone(),
            compress_above: outbox.compress_above,
            numbering: Mutex::default(),
        })
    }

    /// The consumer's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Leases up to `most` heads that may go now.
    ///
    /// When an answer was lost, the next call asks for the same lease again and gets what was leased then.
    ///
    /// # Errors
    /// [`QueueError::Lapsed`] when this consumer has lost its lease, else Redis' own.
    pub async fn reserve(&self, most: usize) -> Result<LaneReserved, QueueError> {
        let s = &self.settings;
        let mut numbering = self.numbering.lock().await;
        let number = numbering.next;
        numbering.calls += 1;
        let mut call = script::LANES_RESERVE.prepare_invoke();
        call.key(self.keys.tag())
            .arg(&self.id)
            .arg(number)
            .arg(u8::from(std::mem::replace(&mut numbering.in_doubt, true)))
            .arg(most)
            .arg(s.in_flight)
            .arg(s.number_limit)
            .arg(s.burst_share)
            .arg(micros(s.pair_interval))
            .arg(s.pair_burst)
            .arg(s.climb)
            .arg(as_millis(s.probe))
            .arg(s.account_limit)
            .arg(numbering.calls);
        let answer: (String, i64, Vec<Vec<u8>>, Vec<u64>) =
            call.invoke_async(&mut self.redis.connection()).await?;
        let (state, again, flat, waits) = answer;
        numbering.in_doubt = false;
        for (limit, waits) in [Limit::Number, Limit::Pair, Limit::Account]
            .into_iter()
            .zip(waits)
        {
            dispatcher::LIMITER_WAITS.of(limit).add(waits);
        }
        match state.as_str() {
            "ok" if flat.is_empty() => Ok(LaneReserved::Empty(wait_for(again))),
            "ok" => {
                numbering.next += 1;
                Ok(LaneReserved::Turns(self.open(flat, number)?))
            }
            "paused" => Ok(LaneReserved::Paused),
            "lapsed" => Err(self.lapsed()),
            _ => Err(unexpected("reserve", "an unknown state")),
        }
    }

    /// Takes over up to `most` lanes of dispatchers that have died.
    ///
    /// # Errors
    /// As [`LaneConsumer::reserve`].
    pub async fn adopt(&self, most: usize) -> Result<Vec<Turn>, QueueError> {
        let mut numbering = self.numbering.lock().await;
        if std::mem::replace(&mut numbering.in_doubt, true) {
            // The next reservation has to find out what was leased under this number.
            return Ok(Vec::new());
        }
        let number = numbering.next;
        let (state, _, flat): (String, i64, Vec<Vec<u8>>) = script::LANES_ADOPT
            .key(self.keys.tag())
            .arg(&self.id)
            .arg(number)
            .arg(most)
            .arg(as_millis(self.settings.lease))
            .invoke_async(&mut self.redis.connection())
            .await?;
        numbering.in_doubt = false;
        if state == "lapsed" {
            return Err(self.lapsed());
        }
        numbering.next += 1;
        self.open(flat, number)
    }

    fn open(&self, flat: Vec<Vec<u8>>, number: u64) -> Result<Vec<Turn>, QueueError> {
        let mut turns = Vec::with_capacity(flat.len() / 4);
        let mut flat = flat.into_iter();
        while let (Some(lane), Some(element), Some(progress), Some(cause)) =
            (flat.next(), flat.next(), flat.next(), flat.next())
        {
            let lane = String::from_utf8(lane)
                .map_err(|_| unexpected("reserve", "the name of a lane is no text"))?;
            let letter = cause.first().copied().unwrap_or(b'?');
            let cause = cause_of(letter)
                .ok_or_else(|| unexpected("reserve", "a lane for an unknown reason"))?;
            let entry = Bytes::from(element).slice(HEAD..);
            turns.push(Turn {
                token: format!("{}/{number}/{}", self.id, char::from(letter)),
                outgoing: Envelope::decode(entry.clone()).and_then(|e| match e.kind {
                    Kind::Outgoing => Outgoing::from_envelope(&e),
                    _ => Err(EnvelopeError::Body("it is no outgoing message")),
                }),
                // What cannot be read counts as nothing: the message itself matters more.
                progress: Progress::decode(&progress).unwrap_or_default(),
                lane,
                cause,
                entry,
            });
        }
        Ok(turns)
    }

    pub(crate) fn lapsed(&self) -> QueueError {
        QueueError::Lapsed {
            consumer: self.id.clone(),
        }
    }

    /// Makes the waiter of this consumer's partition.
    pub fn waiter(&self) -> LaneWaiter {
        LaneWaiter {
            redis: self.redis.clone(),
            wake: self.keys.key("wake"),
            connection: None,
            listening: None,
        }
    }
}

impl Turn {
    /// The message's id, also when the rest cannot be read.
    pub fn id(&self) -> Uuid {
        match &self.outgoing {
            Ok(outgoing) => outgoing.id,
            Err(_) => self
                .entry
                .get(2..18)
                .and_then(|bytes| Uuid::from_slice(bytes).ok())
                .unwrap_or_default(),
        }
    }

    /// The business number, also when the rest cannot be read.
    pub fn phone_number_id(&self) -> &str {
        self.lane.split('|').next().unwrap_or_default()
    }
}

type Listening = Pin<Box<dyn Future<Output = Result<(), QueueError>> + Send>>;

/// Waits for work without asking over and over.
///
/// A blocking command on a connection of its own moves the token in `wake` onto itself, which changes nothing, so a
/// wait that is given up loses nothing. Redis ends its blocking commands to a tenth of a second; what is due sooner is
/// timed here.
pub struct LaneWaiter {
    redis: Redis,
    wake: String,
    connection: Option<MultiplexedConnection>,
    listening: Option<Listening>,
}

impl LaneWaiter {
    /// Returns when there may be work, at the latest after `longest`.
    ///
    /// # Errors
    /// When Redis cannot be asked; the next call connects anew.
    pub async fn wait(&mut self, longest: Duration) -> Result<(), QueueError> {
        let mut listening = match self.listening.take() {
            Some(listening) => listening,
            None => self.listen().await?,
        };
        tokio::select! {
            heard = &mut listening => {
                if heard.is_err() {
                    self.connection = None;
                }
                heard
            }
            () = tokio::time::sleep(longest.min(LONGEST_WAIT)) => {
                self.listening = Some(listening);
                Ok(())
            }
        }
    }

    async fn listen(&mut self) -> Result<Listening, QueueError> {
        let mut connection = match &self.connection {
            Some(connection) => connection.clone(),
            None => {
                let connection = self.redis.waiting_connection().await?;
                self.connection.insert(connection).clone()
            }
        };
        let mut command = redis::cmd("BLMOVE");
        command.arg(&self.wake).arg(&self.wake);
        command
            .arg("RIGHT")
            .arg("RIGHT")
            .arg(LONGEST_WAIT.as_secs());
        Ok(Box::pin(async move {
            // The server answers at the end of its own timeout; much later means that it is gone.
            let answer = command.query_async::<Value>(&mut connection);
            match tokio::time::timeout(LONGEST_WAIT * 3, answer).await {
                Ok(answer) => Ok(answer.map(|_| ())?),
                Err(_) => Err(QueueError::Redis(
                    (redis::ErrorKind::Io, "no answer to a wait").into(),
                )),
            }
        }))
    }
}

fn cause_of(letter: u8) -> Option<Cause> {
    Some(match letter {
        b's' => Cause::Send,
        b'p' => Cause::Probe,
        b'x' => Cause::Expired { stopped: false },
        b'z' => Cause::Expired { stopped: true },
        b'o' => Cause::Overdue,
        b'c' => Cause::Orphaned,
        _ => return None,
    })
}

/// Redis tells microseconds; rounded up, since the timer's grain is a millisecond anyway.
fn wait_for(again: i64) -> Duration {
    u64::try_from(again).map_or(LONGEST_WAIT, |micros| {
        Duration::from_micros(micros).clamp(Duration::from_millis(1), LONGEST_WAIT)
    })
}

pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

pub(crate) const fn unexpected(script: &'static str, what: &'static str) -> QueueError {
    QueueError::Answer { script, what }
}
