//! How webhooks lie in a segment.
//!
//! A segment opens with [`MAGIC`]. A record is the length of its content (u32), the XXH3 of that (u64), both little
//! endian, and the content: id (16 bytes), time of receipt in milliseconds since 1970 (u64), trace context (its length in
//! one byte, and so many bytes), body. The layout before this one, [`OLD_MAGIC`], had no trace context.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::{Buf, Bytes};
use uuid::Uuid;
use waypost_queue::Envelope;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

/// Name and version of the layout.
pub(super) const MAGIC: &[u8; 8] = b"WPSPOOL2";
/// What an earlier version of Waypost may have left behind.
pub(super) const OLD_MAGIC: &[u8; 8] = b"WPSPOOL1";

const HEAD: usize = 4 + 8;
const FIXED: usize = 16 + 8;

/// Bytes that a webhook takes in a segment.
pub(super) fn size(envelope: &Envelope) -> usize {
    HEAD + FIXED + 1 + trace(envelope).len() + envelope.body.len()
}

/// A context is 55 bytes long; anything that cannot be one is left out.
fn trace(envelope: &Envelope) -> &[u8] {
    let trace = envelope.traceparent.as_bytes();
    if trace.len() > usize::from(u8::MAX) {
        &[]
    } else {
        trace
    }
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
    let trace = trace(envelope);
    let trace_length = [u8::try_from(trace.len()).unwrap_or(0)];
    hash.update(&trace_length);
    hash.update(trace);
    hash.update(&envelope.body);
    // Bodies are limited to far less than 4 GiB.
    let length = u32::try_from(size(envelope) - HEAD).unwrap_or(u32::MAX);
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&hash.digest().to_le_bytes());
    out.extend_from_slice(envelope.id.as_bytes());
    out.extend_from_slice(&millis);
    out.extend_from_slice(&trace_length);
    out.extend_from_slice(trace);
    out.extend_from_slice(&envelope.body);
}

/// The webhooks of a segment that can be read, and how many bytes behind them can't.
///
/// Such bytes are what a crash left of a write that was never answered 200, so they may go.
pub(super) fn read(segment: Bytes) -> (Vec<Envelope>, usize) {
    let mut rest = segment;
    let has_traces = rest.starts_with(MAGIC);
    if !has_traces && !rest.starts_with(OLD_MAGIC) {
        return (Vec::new(), rest.len());
    }
    rest.advance(MAGIC.len());
    let mut envelopes = Vec::new();
    while let Some(envelope) = next(&mut rest, has_traces) {
        envelopes.push(envelope);
    }
    (envelopes, rest.len())
}

/// How many whole records a segment has, by their lengths alone.
pub(super) fn count(segment: File) -> io::Result<u64> {
    let end = segment.metadata()?.len();
    let mut segment = BufReader::new(segment);
    let (mut at, mut records) = (MAGIC.len() as u64, 0);
    segment.seek_relative(MAGIC.len() as i64)?;
    while at + (HEAD as u64) < end {
        let mut length = [0; 4];
        segment.read_exact(&mut length)?;
        let rest = (HEAD - length.len()) as u64 + u64::from(u32::from_le_bytes(length));
        at += length.len() as u64 + rest;
        if at > end {
            break;
        }
        records += 1;
        segment.seek_relative(i64::try_from(rest).unwrap_or(i64::MAX))?;
    }
    Ok(records)
}

fn next(rest: &mut Bytes, has_traces: bool) -> Option<Envelope> {
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
    let mut trace: &[u8] = &[];
    let mut start = HEAD + FIXED;
    if has_traces {
        let (length, behind) = content[FIXED..].split_first()?;
        trace = behind.get(..usize::from(*length))?;
        start += 1 + trace.len();
    }
    let traceparent = String::from_utf8_lossy(trace).into_owned();
    let mut envelope = Envelope::webhook(id, received_at, rest.slice(start..end));
    envelope.traceparent = traceparent;
    rest.advance(end);
    Some(envelope)
}
