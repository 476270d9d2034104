//! gRPC with messages that are known by their descriptors only.

use prost::Message;
use prost::bytes::Buf;
use prost_reflect::{DynamicMessage, MessageDescriptor};
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

/// Writes any message, reads those of one type.
#[derive(Clone, Debug)]
pub(super) struct Dynamic {
    pub(super) output: MessageDescriptor,
}

/// Writes messages.
#[derive(Debug)]
pub(super) struct Writer;

/// Reads messages of this type.
#[derive(Debug)]
pub(super) struct Reader(MessageDescriptor);

impl Codec for Dynamic {
    type Encode = DynamicMessage;
    type Decode = DynamicMessage;
    type Encoder = Writer;
    type Decoder = Reader;

    fn encoder(&mut self) -> Writer {
        Writer
    }

    fn decoder(&mut self) -> Reader {
        Reader(self.output.clone())
    }
}

impl Encoder for Writer {
    type Item = DynamicMessage;
    type Error = Status;

    fn encode(&mut self, message: DynamicMessage, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        message
            .encode(into)
            .map_err(|error| Status::internal(error.to_string()))
    }
}

impl Decoder for Reader {
    type Item = DynamicMessage;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<DynamicMessage>, Status> {
        // All of it belongs to one message, which may well have no bytes.
        let whole = from.copy_to_bytes(from.remaining());
        DynamicMessage::decode(self.0.clone(), whole)
            .map(Some)
            .map_err(|error| Status::internal(error.to_string()))
    }
}
