//! Reading a body: a limit for each, a limit for all.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::{Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt;

/// Why a body was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyError {
    /// Over the limit for one.
    TooLarge,
    /// Over the limit for all together, for now.
    NoMemory,
    /// It ended early or was not well-formed.
    Broken,
}

/// How many bytes of unfinished bodies may be held. Without it, ten thousand connections could each hold a body of
/// nearly 3 MiB before a single signature had been checked.
pub(crate) struct Memory {
    free: AtomicUsize,
}

/// A part of [`Memory`], given back when dropped.
struct Share<'a> {
    memory: &'a Memory,
    size: usize,
}

/// Reads the whole body. One that comes in one piece, as small ones do, is neither copied nor counted.
pub(crate) async fn read<B>(body: B, limit: usize, memory: &Memory) -> Result<Bytes, BodyError>
where
    B: Body<Data = Bytes> + Unpin,
{
    let mut body = body;
    let Some(first) = next(&mut body).await? else {
        return Ok(Bytes::new());
    };
    if first.len() > limit {
        return Err(BodyError::TooLarge);
    }
    if body.is_end_stream() {
        return Ok(first);
    }
    // A chunked body of one piece tells only now that it is over.
    let Some(second) = next(&mut body).await? else {
        return Ok(first);
    };
    // Large, rare and long-lived: on the heap, so that the future of every other request stays small.
    Box::pin(gather(first, second, body, limit, memory)).await
}

async fn gather<B>(
    first: Bytes,
    second: Bytes,
    mut body: B,
    limit: usize,
    memory: &Memory,
) -> Result<Bytes, BodyError>
where
    B: Body<Data = Bytes> + Unpin,
{
    let mut share = Share { memory, size: 0 };
    let mut whole = BytesMut::new();
    let mut piece = Some(first);
    let mut following = Some(second);
    while let Some(bytes) = piece {
        if whole.len() + bytes.len() > limit {
            return Err(BodyError::TooLarge);
        }
        share.grow(bytes.len())?;
        whole.extend_from_slice(&bytes);
        piece = match following.take() {
            Some(bytes) => Some(bytes),
            None => next(&mut body).await?,
        };
    }
    Ok(whole.freeze())
}

/// The next data frame; trailers say nothing to us.
async fn next<B>(body: &mut B) -> Result<Option<Bytes>, BodyError>
where
    B: Body<Data = Bytes> + Unpin,
{
    while let Some(frame) = Pin::new(&mut *body).frame().await {
        let frame = frame.map_err(|_| BodyError::Broken)?;
        if let Ok(data) = frame.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

impl Memory {
    pub(crate) fn new(bytes: usize) -> Self {
        Self {
            free: AtomicUsize::new(bytes),
        }
    }
}

impl Share<'_> {
    fn grow(&mut self, by: usize) -> Result<(), BodyError> {
        let free = &self.memory.free;
        free.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |free| {
            free.checked_sub(by)
        })
        .map_err(|_| BodyError::NoMemory)?;
        self.size += by;
        Ok(())
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.memory.free.fetch_add(self.size, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
