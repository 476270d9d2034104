//! Server-sent events as they come off the wire (WHATWG HTML, section 9.2, "Server-sent events").

use std::time::Duration;

/// Longest event that is taken: many times what a webhook of Meta's may be.
const LONGEST: usize = 16 << 20;

/// What stood between two blank lines.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Block {
    /// Where to go on, if it says.
    pub(super) id: Option<String>,
    /// Name of the event; empty when it has none.
    pub(super) name: String,
    /// `None` when it only says where we are.
    pub(super) data: Option<String>,
    /// How long to wait before coming back.
    pub(super) retry: Option<Duration>,
}

/// An event without an end: this is no such stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

/// Puts lines together from pieces that end anywhere.
#[derive(Default)]
pub(super) struct Parser {
    /// The line so far, as bytes: a piece may end within a letter.
    line: Vec<u8>,
    /// After a carriage return a line feed belongs to the same line end, also when it comes with the next piece.
    returned: bool,
    /// The first line may begin with a byte order mark.
    begun: bool,
    block: Block,
}

impl Parser {
    /// Takes a piece and gives the blocks that it completes.
    pub(super) fn feed(&mut self, piece: &[u8]) -> Result<Vec<Block>, TooLong> {
        let mut blocks = Vec::new();
        for &byte in piece {
            let returned = std::mem::replace(&mut self.returned, byte == b'\r');
            match byte {
                b'\n' if returned => {}
                b'\n' | b'\r' => blocks.extend(self.end_line()),
                byte => self.line.push(byte),
            }
        }
        let data = self.block.data.as_ref().map_or(0, String::len);
        match self.line.len() + data > LONGEST {
            true => Err(TooLong),
            false => Ok(blocks),
        }
    }

    /// The block, if the line was the blank one that ends it and anything stood before it.
    fn end_line(&mut self) -> Option<Block> {
        let bytes = std::mem::take(&mut self.line);
        let text = String::from_utf8_lossy(&bytes);
        let first = !std::mem::replace(&mut self.begun, true);
        let line = match first {
            true => text.strip_prefix('\u{feff}').unwrap_or(&text),
            false => &text,
        };
        if line.is_empty() {
            let block = std::mem::take(&mut self.block);
            return (block != Block::default()).then_some(block);
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        self.field(field, value.strip_prefix(' ').unwrap_or(value));
        None
    }

    fn field(&mut self, field: &str, value: &str) {
        let block = &mut self.block;
        match field {
            "event" => value.clone_into(&mut block.name),
            "data" => match &mut block.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => block.data = Some(value.to_owned()),
            },
            "id" if !value.contains('\0') => block.id = Some(value.to_owned()),
            "retry" if value.bytes().all(|byte| byte.is_ascii_digit()) => {
                block.retry = value.parse().ok().map(Duration::from_millis);
            }
            // A comment has an empty name; what is not known is not ours.
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(id: &str, name: &str, data: &str) -> Block {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Block {
            id: some(id),
            name: name.to_owned(),
            data: some(data),
            retry: None,
        }
    }

    fn read(pieces: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Vec<Block> {
        let mut parser = Parser::default();
        let pieces = pieces.into_iter();
        pieces
            .flat_map(|piece| parser.feed(piece.as_ref()).unwrap())
            .collect()
    }

    #[test]
    fn every_way_to_cut_a_stream_gives_the_same() {
        let stream = "retry: 1000\n: here\nid: 5-0\n\nid: 5-1\nevent: message\ndata: {\"a\":\"ü👍\"}\n\n: \nid: 6-0\n\n";
        for stream in [
            stream.to_owned(),
            stream.replace('\n', "\r\n"),
            stream.replace('\n', "\r"),
        ] {
            let bytes = stream.as_bytes();
            let whole = read([bytes]);
            let retry = Some(Duration::from_secs(1));
            let first = Block {
                retry,
                ..block("5-0", "", "")
            };
            let event = block("5-1", "message", "{\"a\":\"ü👍\"}");
            assert_eq!(whole, [first, event, block("6-0", "", "")], "{stream:?}");
            for cut in 0..=bytes.len() {
                assert_eq!(read([&bytes[..cut], &bytes[cut..]]), whole, "cut at {cut}");
            }
            assert_eq!(read(bytes.chunks(1)), whole);
        }
    }

    #[test]
    fn fields_are_read_as_the_standard_says() {
        assert_eq!(
            read(["\u{feff}data:a\ndata: b\ndata\n\n"]),
            [block("", "", "a\nb\n")]
        );
        assert_eq!(read(["id: 1\0\nretry: soon\nother: x\n: y\n\n"]), []);
        assert_eq!(read(["data:  two\n\n"]), [block("", "", " two")]);
        // What is not ended by a blank line has not arrived.
        assert_eq!(read(["data: x\n"]), []);
        assert_eq!(read([&b"data: \xff\n\n"[..]]), [block("", "", "\u{fffd}")]);
    }

    #[test]
    fn an_event_without_an_end_is_given_up() {
        let mut parser = Parser::default();
        let piece = vec![b'x'; LONGEST];
        assert_eq!(parser.feed(&piece), Ok(Vec::new()));
        assert_eq!(parser.feed(b"x"), Err(TooLong));
    }
}
