//! Ending a batch: one script, one round trip, fenced.

use std::time::Duration;

use bytes::Bytes;
use prost::Message;

use crate::consumer::{Batch, Consumer, as_millis};
use crate::dead::DeadLetter;
use crate::envelope::{Encoded, Envelope};
use crate::error::QueueError;
use crate::script;

/// What becomes of a batch. Entries not named in `delayed` or `dead` are done.
///
/// `delayed` and `dead` need not be entries of the batch: the worker cuts a bad item out of a webhook and delays or
/// buries that item alone, so that its siblings are done with.
#[derive(Default)]
pub struct Settlement {
    delayed: Vec<(Duration, Encoded)>,
    dead: Vec<(Bytes, Vec<u8>)>,
}

/// Whether a settlement took effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It did.
    Done,
    /// The batch belongs to somebody else by now, and nothing was changed. Its effects that are already in Postgres
    /// will be recognised when the other one gets there.
    Fenced,
}

impl Settlement {
    /// All done.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts an entry back for later.
    pub fn delay(&mut self, envelope: Envelope, by: Duration, compress_above: usize) {
        self.delayed.push((by, envelope.encode(compress_above)));
    }

    /// Gives an entry up.
    pub fn bury(&mut self, letter: DeadLetter) {
        let id = Bytes::copy_from_slice(letter.envelope.id.as_bytes());
        self.dead.push((id, letter.into_wire().encode_to_vec()));
    }

    /// How many entries are given up.
    pub fn buried(&self) -> usize {
        self.dead.len()
    }
}

impl Consumer {
    /// Ends a batch.
    ///
    /// # Errors
    /// When Redis cannot be asked. Whether the batch was settled is then unknown; asking again is safe, and answers
    /// [`Settled::Fenced`] if it was.
    pub async fn settle(
        &self,
        batch: &Batch,
        settlement: &Settlement,
    ) -> Result<Settled, QueueError> {
        let set_aside = settlement.delayed.len() + settlement.dead.len();
        let completed = batch.entries.len().saturating_sub(set_aside);
        let mut call = script::SETTLE.prepare_invoke();
        call.key(self.keys.batch(&batch.name))
            .key(&self.keys.leases)
            .key(&self.keys.held)
            .key(&self.keys.delayed)
            .key(&self.keys.dead)
            .key(&self.keys.dead_order)
            .key(&self.keys.counters)
            .key(&self.keys.handbacks)
            .arg(&*self.id)
            .arg(&batch.name)
            .arg(completed)
            .arg(u8::from(batch.handed_back()))
            .arg(settlement.delayed.len());
        for (delay, entry) in &settlement.delayed {
            call.arg(as_millis(*delay)).arg(entry);
        }
        call.arg(settlement.dead.len());
        for (id, letter) in &settlement.dead {
            call.arg(&id[..]).arg(&letter[..]);
        }
        let settled: u32 = call.invoke_async(&mut self.redis.connection()).await?;
        Ok(if settled == 1 {
            Settled::Done
        } else {
            Settled::Fenced
        })
    }
}
