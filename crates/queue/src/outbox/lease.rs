//! Leases of dispatchers.

use crate::consumer::as_millis;
use crate::error::QueueError;
use crate::outbox::lanes::LaneConsumer;
use crate::script;

impl LaneConsumer {
    /// Extends the lease of everything this consumer holds.
    ///
    /// # Errors
    /// [`QueueError::Lapsed`] when the lease is gone: join again under a new id. Else Redis' own.
    pub async fn heartbeat(&self) -> Result<(), QueueError> {
        let alive: u32 = script::LANES_HEARTBEAT
            .key(self.keys.tag())
            .arg(&self.id)
            .arg(as_millis(self.settings.lease))
            .invoke_async(&mut self.redis.connection())
            .await?;
        if alive == 1 {
            Ok(())
        } else {
            Err(self.lapsed())
        }
    }

    /// Leaves in good order; what is still held may be adopted at once. Answers how many lanes that is.
    ///
    /// # Errors
    /// When Redis cannot be asked; then the lease lapses by itself.
    pub async fn leave(&self) -> Result<u64, QueueError> {
        Ok(script::LANES_LEAVE
            .key(self.keys.tag())
            .arg(&self.id)
            .invoke_async(&mut self.redis.connection())
            .await?)
    }
}
