//! What lies in the lists: a small head, and the body behind it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint};
use uuid::Uuid;

use crate::wire;

/// Layout written by this version.
const VERSION: u32 = 1;
/// Number of the field `body`, the last one, see `envelope.proto`.
const BODY_FIELD: u32 = 15;
/// Above this, zstd's frame is refused: no sender of ours makes one, so it is damage or an attack.
const LARGEST_BODY: u64 = 64 << 20;
/// Fast, and already three to ten times smaller on Meta's JSON.
const ZSTD_LEVEL: i32 = 1;

/// What a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The raw bytes of a webhook.
    Webhook,
    /// A message accepted from a sender: see [`crate::Outgoing`].
    Outgoing,
    /// Something that happened to such a message: see [`crate::Fact`].
    Fact,
    /// A kind that a newer version wrote.
    Unknown(i32),
}

/// One entry of a queue, decoded.
#[derive(Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Unique to this entry, and the same in every delivery of it.
    pub id: Uuid,
    /// What the body is.
    pub kind: Kind,
    /// When it was taken in; millisecond precision.
    pub received_at: SystemTime,
    /// Attempts spent so far.
    pub attempts: u32,
    /// The request that brought it.
    pub request_id: Uuid,
    /// W3C trace context, empty when there is none.
    pub traceparent: String,
    /// Why the first attempt failed, empty while none has.
    pub first_error: String,
    /// Why the latest attempt failed, empty while none has.
    pub last_error: String,
    /// The payload, not compressed.
    pub body: Bytes,
}

/// Bodies hold what people wrote, so they are left out.
impl std::fmt::Debug for Envelope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Envelope")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("received_at", &self.received_at)
            .field("attempts", &self.attempts)
            .field("request_id", &self.request_id)
            .field("last_error", &self.last_error)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// An entry that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum EnvelopeError {
    /// Not an envelope.
    #[error("not an envelope: {0}")]
    Decode(#[from] prost::DecodeError),
    /// A field has the wrong length.
    #[error("{0} is not a UUID")]
    Id(&'static str),
    /// Written by a version that this one does not know.
    #[error(
        "layout {0} is newer than this version of Waypost; update it before rolling back others"
    )]
    Version(u32),
    /// The body cannot be unpacked.
    #[error("the body cannot be unpacked: {0}")]
    Body(&'static str),
}

impl Envelope {
    /// A webhook just received; `id` is the request id that its sender is given.
    pub fn webhook(id: Uuid, received_at: SystemTime, body: Bytes) -> Self {
        Self::of(Kind::Webhook, id, received_at, body)
    }

    /// An entry of any kind, never tried yet, that is a request of its own.
    pub(crate) fn of(kind: Kind, id: Uuid, received_at: SystemTime, body: Bytes) -> Self {
        Self {
            id,
            kind,
            received_at,
            attempts: 0,
            request_id: id,
            traceparent: String::new(),
            first_error: String::new(),
            last_error: String::new(),
            body,
        }
    }

    /// Encodes the entry; bodies above `compress_above` bytes are compressed. The body itself is not copied.
    pub(crate) fn encode(self, compress_above: usize) -> Encoded {
        let size = self.body.len();
        let packed = (size > compress_above)
            .then(|| zstd::bulk::compress(&self.body, ZSTD_LEVEL).ok())
            .flatten()
            .filter(|packed| packed.len() < size);
        let encoding = match packed {
            Some(_) => wire::Encoding::Zstd,
            None => wire::Encoding::Unspecified,
        };
        let body = packed.map_or_else(|| self.body.clone(), Bytes::from);
        let mut head = Vec::with_capacity(96);
        let fields = self.head(encoding, size);
        // Encoding into a Vec cannot run out of room, prost's only error.
        let _ = fields.encode(&mut head);
        encode_key(BODY_FIELD, WireType::LengthDelimited, &mut head);
        encode_varint(body.len() as u64, &mut head);
        Encoded { head, body }
    }

    /// Decodes an entry; shares `bytes` with the body where that was not compressed.
    pub(crate) fn decode(bytes: Bytes) -> Result<Self, EnvelopeError> {
        Self::from_wire(wire::Envelope::decode(bytes)?)
    }

    pub(crate) fn from_wire(wire: wire::Envelope) -> Result<Self, EnvelopeError> {
        if wire.version > VERSION {
            return Err(EnvelopeError::Version(wire.version));
        }
        let id = Uuid::from_slice(&wire.id).map_err(|_| EnvelopeError::Id("id"))?;
        let request_id = match wire.request_id.as_slice() {
            [] => id,
            bytes => Uuid::from_slice(bytes).map_err(|_| EnvelopeError::Id("request_id"))?,
        };
        let kind = match wire.kind() {
            wire::Kind::Webhook => Kind::Webhook,
            wire::Kind::Outgoing => Kind::Outgoing,
            wire::Kind::Fact => Kind::Fact,
            wire::Kind::Unspecified => Kind::Unknown(wire.kind),
        };
        let body = match wire.encoding() {
            wire::Encoding::Unspecified => wire.body,
            wire::Encoding::Zstd => unpack(&wire.body, wire.body_size)?,
        };
        Ok(Self {
            id,
            kind,
            received_at: UNIX_EPOCH + Duration::from_millis(wire.received_at_ms),
            attempts: wire.attempts,
            request_id,
            traceparent: wire.traceparent,
            first_error: wire.first_error,
            last_error: wire.last_error,
            body,
        })
    }

    pub(crate) fn into_wire(self) -> wire::Envelope {
        let head = self.head(wire::Encoding::Unspecified, self.body.len());
        wire::Envelope {
            body: self.body,
            ..head
        }
    }

    fn head(&self, encoding: wire::Encoding, size: usize) -> wire::Envelope {
        let kind = match self.kind {
            Kind::Webhook => wire::Kind::Webhook as i32,
            Kind::Outgoing => wire::Kind::Outgoing as i32,
            Kind::Fact => wire::Kind::Fact as i32,
            Kind::Unknown(kind) => kind,
        };
        let request_id = if self.request_id == self.id {
            Vec::new()
        } else {
            self.request_id.as_bytes().to_vec()
        };
        wire::Envelope {
            id: self.id.as_bytes().to_vec(),
            version: VERSION,
            received_at_ms: millis(self.received_at),
            kind,
            attempts: self.attempts,
            request_id,
            traceparent: self.traceparent.clone(),
            encoding: encoding as i32,
            body_size: size as u64,
            first_error: self.first_error.clone(),
            last_error: self.last_error.clone(),
            body: Bytes::new(),
        }
    }
}

/// An encoded entry, its body not yet copied behind the head.
pub(crate) struct Encoded {
    head: Vec<u8>,
    body: Bytes,
}

impl Encoded {
    pub(crate) fn len(&self) -> usize {
        self.head.len() + self.body.len()
    }
}

impl redis::ToRedisArgs for Encoded {
    fn write_redis_args<W: ?Sized + redis::RedisWrite>(&self, out: &mut W) {
        use bytes::BufMut;
        let mut arg = out.bufmut_for_next_arg(self.len());
        arg.put_slice(&self.head);
        arg.put_slice(&self.body);
    }
}

impl redis::ToSingleRedisArg for Encoded {}

/// Milliseconds since 1970, at least 1: the head of an entry has no room for a field left out.
pub(crate) fn millis(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).map_or(1, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX).max(1)
    })
}

/// Reads the time of receipt out of the head of an encoded entry, as the scripts do.
pub(crate) fn received_at_of(head: &[u8]) -> Option<u64> {
    let bytes: [u8; 8] = head.get(21..29)?.try_into().ok()?;
    Some(u64::from_le_bytes(bytes))
}

fn unpack(body: &[u8], size: u64) -> Result<Bytes, EnvelopeError> {
    let size = usize::try_from(size)
        .ok()
        .filter(|_| size <= LARGEST_BODY)
        .ok_or(EnvelopeError::Body(
            "it claims to be larger than any body of ours",
        ))?;
    zstd::bulk::decompress(body, size)
        .map(Bytes::from)
        .map_err(|_| EnvelopeError::Body("it is not a whole zstd frame"))
}

#[cfg(test)]
mod tests;
