//! What Redis remembers of committed effects: it spares Postgres the redeliveries, and decides nothing.
//!
//! Effects are told after the commit, never before, or a failed attempt would make its own retry a duplicate.
//! Postgres' unique keys decide, for ever.
//!
//! One set for each period of the configured length; looking into the current one and the one before remembers an
//! effect for at least one period and at most two, and forgetting is Redis' own expiry.

use std::time::{Duration, SystemTime};

use redis::aio::ConnectionManager;
use waypost_model::EffectKey;

use crate::connect::Redis;
use crate::envelope::millis;
use crate::error::QueueError;
use crate::keys::Keys;
use crate::settings::MemorySettings;

/// The memory of committed effects.
#[derive(Clone)]
pub struct EffectMemory {
    connection: ConnectionManager,
    keys: Keys,
    ttl: Duration,
}

impl EffectMemory {
    /// The memory in `redis`.
    pub fn new(redis: &Redis, settings: &MemorySettings) -> Self {
        Self {
            connection: redis.connection(),
            keys: redis.keys().clone(),
            ttl: settings.ttl,
        }
    }

    /// For each effect, whether it is known to be committed. One round trip.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn known(&self, effects: &[EffectKey]) -> Result<Vec<bool>, QueueError> {
        if self.ttl.is_zero() || effects.is_empty() {
            return Ok(vec![false; effects.len()]);
        }
        let (now, before) = self.periods();
        let mut pipe = redis::pipe();
        for key in [now, before] {
            pipe.cmd("SMISMEMBER").arg(key);
            for effect in effects {
                pipe.arg(&effect.as_bytes()[..]);
            }
        }
        let (now, before): (Vec<bool>, Vec<bool>) =
            pipe.query_async(&mut self.connection.clone()).await?;
        Ok(now.into_iter().zip(before).map(|(a, b)| a || b).collect())
    }

    /// Remembers committed effects. One round trip.
    ///
    /// # Errors
    /// When Redis cannot be asked; nothing is lost then but a little time later.
    pub async fn remember(&self, effects: &[EffectKey]) -> Result<(), QueueError> {
        if self.ttl.is_zero() || effects.is_empty() {
            return Ok(());
        }
        let (now, _) = self.periods();
        let mut pipe = redis::pipe();
        pipe.cmd("SADD").arg(&now);
        for effect in effects {
            pipe.arg(&effect.as_bytes()[..]);
        }
        pipe.ignore()
            .cmd("PEXPIRE")
            .arg(now)
            .arg(millis_of(self.ttl) * 2)
            .ignore();
        Ok(pipe.exec_async(&mut self.connection.clone()).await?)
    }

    /// How many effects are remembered: the figure `deduplication.cachedMessages`. One that was told again in the next
    /// period counts twice until the first is forgotten.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn remembered(&self) -> Result<u64, QueueError> {
        if self.ttl.is_zero() {
            return Ok(0);
        }
        let (now, before) = self.periods();
        let (a, b): (u64, u64) = redis::pipe()
            .cmd("SCARD")
            .arg(now)
            .cmd("SCARD")
            .arg(before)
            .query_async(&mut self.connection.clone())
            .await?;
        Ok(a + b)
    }

    /// Keys of the current period and the one before. Processes whose clocks differ by less than a period look
    /// into at least one common set.
    fn periods(&self) -> (String, String) {
        let period = millis(SystemTime::now()) / millis_of(self.ttl).max(1);
        (
            self.keys.effects(period),
            self.keys.effects(period.saturating_sub(1)),
        )
    }
}

fn millis_of(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX / 4)
}
