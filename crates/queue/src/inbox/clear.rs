//! Throwing away what waits.

use std::time::SystemTime;

use serde::Serialize;

use super::Inbox;
use crate::envelope::millis;
use crate::error::QueueError;
use crate::keys::PartitionKeys;
use crate::script;

/// Bytes that one script looks at, more or less: it stops Redis for everyone else.
const WINDOW_BYTES: usize = 1 << 20;
/// Most entries that one script looks at.
const WINDOW: usize = 1_024;
/// Entries that the first script looks at, while their size is not known.
const FIRST_WINDOW: usize = 64;

/// How many entries were, or would be, thrown away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Cleared {
    /// That waited for a consumer.
    pub waiting: u64,
    /// That waited for their next attempt.
    pub delayed: u64,
}

/// Looks through one list of one partition.
struct Sweep<'a> {
    inbox: &'a Inbox,
    keys: &'a PartitionKeys,
    until: u64,
    away: bool,
}

impl Inbox {
    /// What [`Inbox::clear`] would throw away. Nothing is changed; what moves meanwhile may be counted or not.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn would_clear(&self, until: SystemTime) -> Result<Cleared, QueueError> {
        self.sweep(until, false).await
    }

    /// Throws away what waits and what is put off, of that which was taken in at `until` or before. What a consumer
    /// holds stays, and so do dead letters. The answer is exact, the work is cut into small scripts.
    ///
    /// # Errors
    /// When Redis cannot be asked; then a part may be gone.
    pub async fn clear(&self, until: SystemTime) -> Result<Cleared, QueueError> {
        self.sweep(until, true).await
    }

    async fn sweep(&self, until: SystemTime, away: bool) -> Result<Cleared, QueueError> {
        let mut cleared = Cleared::default();
        for keys in &self.queues {
            let sweep = Sweep {
                inbox: self,
                keys,
                until: millis(until),
                away,
            };
            // First what is put off: once due, it joins what waits.
            cleared.delayed += sweep.all("delayed").await?;
            if away {
                // Nearly always everything is there; what is left are a few entries among younger ones.
                cleared.waiting += sweep.end().await?;
            }
            cleared.waiting += sweep.all("ready").await?;
        }
        Ok(cleared)
    }
}

struct Window {
    entries: usize,
    found: u64,
    bytes: usize,
    last: Vec<u8>,
    next: u64,
}

impl Sweep<'_> {
    /// From one end to the other.
    async fn all(&self, list: &'static str) -> Result<u64, QueueError> {
        let (mut found, mut size, mut from, mut last) = (0, FIRST_WINDOW, 0, Vec::new());
        loop {
            let window = self.look(list, from, size, &last).await?;
            found += window.found;
            if window.entries < size {
                return Ok(found);
            }
            (size, from) = (next_size(&window), window.next);
            last = window.last;
        }
    }

    /// From the end that is taken from, as long as there is anything to throw away.
    async fn end(&self) -> Result<u64, QueueError> {
        let (mut found, mut size) = (0, FIRST_WINDOW);
        loop {
            let window = self.look("end", 0, size, &[]).await?;
            found += window.found;
            if window.found == 0 {
                return Ok(found);
            }
            size = next_size(&window);
        }
    }

    async fn look(
        &self,
        list: &'static str,
        from: u64,
        size: usize,
        last: &[u8],
    ) -> Result<Window, QueueError> {
        let (entries, found, bytes, last, next) = script::SWEEP
            .key(&self.keys.ready)
            .key(&self.keys.delayed)
            .key(&self.keys.handbacks)
            .key(&self.keys.counters)
            .arg(list)
            .arg(self.until)
            .arg(from)
            .arg(size)
            .arg(last)
            .arg(u8::from(self.away))
            .invoke_async(&mut self.inbox.redis.connection())
            .await?;
        Ok(Window {
            entries,
            found,
            bytes,
            last,
            next,
        })
    }
}

/// As many as are likely to come to [`WINDOW_BYTES`].
fn next_size(window: &Window) -> usize {
    let each = window.bytes / window.entries.max(1);
    (WINDOW_BYTES / each.max(1)).clamp(1, WINDOW)
}
