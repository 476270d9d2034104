//! How webhooks lie in a segment.
//!
//! A segment opens with [`MAGIC`]. A record is the length of its content (u32), the XXH3 of that (u64), both little
//! endian, and the content: id (16 bytes), time of receipt in milliseconds since 1970 (u64), body.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::{Buf, Bytes};
use uuid::Uuid;
use waypost_queue::Envelope;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

/// Name and version of the layout.
pub(super) const MAGIC: &[u8; 8] = b"WPSPOOL1";

const HEAD: usize = 4 + 8;
const FIXED: usize = 16 + 8;

/// Bytes that a webhook takes in a segment.
pub(super) fn size(envelope: &Envelope) -> usize {
    HEAD + FIXED + envelope.body.len()
}

/// Appends the record of a webhook to `out`.
pub(super) fn write(out: &mut Vec<u8>, envelope: &Envelope) {
    let since = envelope
        .received_at
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let millis = u64::try_from(since.as_millis())
        .unwrap_or(u64::MAX)
        .to_le_bytes();
    let mut hash = Xxh3::new();
    hash.update(envelope.id.as_bytes());
    hash.update(&millis);
    hash.update(&envelope.body);
    // Bodies are limited to far less than 4 GiB.
    let length = u32::try_from(FIXED + envelope.body.len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&hash.digest().to_le_bytes());
    out.extend_from_slice(envelope.id.as_bytes());
    out.extend_from_slice(&millis);
    out.extend_from_slice(&envelope.body);
}

/// The webhooks of a segment that can be read, and how many bytes behind them can't.
///
/// Such bytes are what a crash left of a write that was never answered 200, so they may go.
pub(super) fn read(segment: Bytes) -> (Vec<Envelope>, usize) {
    let mut rest = segment;
    if !rest.starts_with(MAGIC) {
        return (Vec::new(), rest.len());
    }
    rest.advance(MAGIC.len());
    let mut envelopes = Vec::new();
    while let Some(envelope) = next(&mut rest) {
        envelopes.push(envelope);
    }
    (envelopes, rest.len())
}

fn next(rest: &mut Bytes) -> Option<Envelope> {
    let mut head = rest.get(..HEAD)?;
    let length = usize::try_from(head.get_u32_le()).ok()?;
    let hash = head.get_u64_le();
    let end = HEAD.checked_add(length)?;
    let content = rest.get(HEAD..end)?;
    if length < FIXED || xxh3_64(content) != hash {
        return None;
    }
    let id = Uuid::from_slice(&content[..16]).ok()?;
    let mut millis = &content[16..FIXED];
    let received_at: SystemTime =
        UNIX_EPOCH.checked_add(Duration::from_millis(millis.get_u64_le()))?;
    let body = rest.slice(HEAD + FIXED..end);
    rest.advance(end);
    Some(Envelope::webhook(id, received_at, body))
}
