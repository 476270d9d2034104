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
    raw: Vec<(Duration, Bytes)>,
    incomplete: usize,
}

/// Whether a settlement took effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It did.
    Done,
    /// Nothing was changed: the lease has ended, or the batch is not this consumer's any more. If a heartbeat still
    /// succeeds, nobody has taken the entries over and settling once more may work; otherwise their effects that are
    /// in Postgres will be recognised when the other one gets there.
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

    /// Puts an entry of the batch back as it is, for another version of this program.
    pub fn delay_as_is(&mut self, entry: Bytes, by: Duration) {
        self.raw.push((by, entry));
        self.incomplete += 1;
    }

    /// Says that an entry of the batch itself is not done: it is delayed or buried, not just something cut out of it.
    pub fn not_completed(&mut self) {
        self.incomplete += 1;
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
        let completed = batch.entries.len().saturating_sub(settlement.incomplete);
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
            .arg(settlement.incomplete)
            .arg(settlement.delayed.len() + settlement.raw.len());
        for (delay, entry) in &settlement.delayed {
            call.arg(as_millis(*delay)).arg(entry);
        }
        for (delay, entry) in &settlement.raw {
            call.arg(as_millis(*delay)).arg(&entry[..]);
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
