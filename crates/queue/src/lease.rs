//! Leases: how a dead consumer is noticed, and what it held goes to others.

use crate::consumer::{Consumer, as_millis};
use crate::error::QueueError;
use crate::script;

impl Consumer {
    /// Extends the lease of everything this consumer holds.
    ///
    /// # Errors
    /// [`QueueError::Lapsed`] when others hold it by now: join again under a new id. Else Redis' own.
    pub async fn heartbeat(&self) -> Result<(), QueueError> {
        let alive: u32 = script::HEARTBEAT
            .key(&self.keys.leases)
            .key(&self.keys.beats)
            .key(&self.keys.samples)
            .key(&self.keys.ready)
            .key(&self.keys.held)
            .key(&self.keys.delayed)
            .key(&self.keys.counters)
            .arg(&*self.id)
            .arg(as_millis(self.lease))
            .invoke_async(&mut self.redis.connection())
            .await?;
        if alive == 1 {
            Ok(())
        } else {
            Err(self.lapsed())
        }
    }

    /// Hands back what lapsed consumers of this partition held; answers how many entries that were.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn reap(&self) -> Result<u64, QueueError> {
        self.hand_back("").await
    }

    /// Leaves in good order: hands back what is still held, ends the lease.
    ///
    /// # Errors
    /// When Redis cannot be asked; then the lease lapses by itself.
    pub async fn leave(&self) -> Result<u64, QueueError> {
        self.hand_back(&self.id).await
    }

    async fn hand_back(&self, of: &str) -> Result<u64, QueueError> {
        Ok(script::REAP
            .key(&self.keys.leases)
            .key(&self.keys.held)
            .key(&self.keys.ready)
            .key(&self.keys.handbacks)
            .key(&self.keys.counters)
            .key(&self.keys.beats)
            .arg(&self.keys.batch_prefix)
            .arg(of)
            .invoke_async(&mut self.redis.connection())
            .await?)
    }
}
