//! An event, encoded once for however many clients.

use std::sync::{Arc, OnceLock};

use bytes::{BufMut, Bytes, BytesMut};
use engineioxide::Str;
use serde::Deserialize;
use uuid::Uuid;
use waypost_queue::{Position, StoredEvent};

use super::push::Push;

/// An event as clients get it. All who see it share the same bytes.
pub(crate) struct Frame {
    position: Position,
    /// The business number; empty when the event concerns a whole account.
    pub(super) number: Box<str>,
    pub(super) about: About,
    sse: Bytes,
    /// Where the JSON and the name stand in `sse`.
    json: std::ops::Range<usize>,
    kind: std::ops::Range<usize>,
    /// Only made when a Socket.IO client sees it.
    packet: OnceLock<Str>,
    /// Its way to the clients, where that is traced.
    pub(super) push: Option<Box<Push>>,
}

/// What of the body decides who may see the event.
#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
pub(super) struct About {
    #[serde(default)]
    pub(super) contact_id: Option<Uuid>,
    #[serde(default)]
    pub(super) waba_id: Option<Box<str>>,
}

impl Frame {
    /// Encodes an event. `None` when it is none: whoever wrote it was no worker of ours.
    pub(crate) fn new(event: &StoredEvent) -> Option<Arc<Self>> {
        Self::with(event, None)
    }

    /// The same for an event that is new, and goes to whoever is there.
    pub(super) fn pushed(event: &StoredEvent) -> Option<Arc<Self>> {
        Self::with(event, Push::begin(event).map(Box::new))
    }

    fn with(event: &StoredEvent, push: Option<Box<Push>>) -> Option<Arc<Self>> {
        let position: Position = event.position.parse().ok()?;
        let plain = |text: &str| {
            let fine = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
            text.bytes().all(fine)
        };
        // These three go into the text as they are.
        if !plain(&event.id) || !plain(&event.phone_number_id) || !plain(&event.kind) {
            return None;
        }
        let about = serde_json::from_str(&event.data).ok()?;
        let mut sse = BytesMut::with_capacity(event.data.len() + 256);
        sse.put_slice(format!("id: {position}\nevent: ").as_bytes());
        let kind = sse.len()..sse.len() + event.kind.len();
        sse.put_slice(event.kind.as_bytes());
        sse.put_slice(b"\ndata: ");
        let start = sse.len();
        let head = format!(
            r#"{{"id":"{}","position":"{position}","kind":"{}","phone_number_id":"{}","data":"#,
            event.id, event.kind, event.phone_number_id
        );
        sse.put_slice(head.as_bytes());
        put_line(&mut sse, event.data.as_bytes());
        sse.put_u8(b'}');
        let json = start..sse.len();
        sse.put_slice(b"\n\n");
        Some(Arc::new(Self {
            position,
            number: event.phone_number_id.as_str().into(),
            about,
            sse: sse.freeze(),
            json,
            kind,
            packet: OnceLock::new(),
            push,
        }))
    }

    /// Its place in the stream.
    pub(crate) fn position(&self) -> Position {
        self.position
    }

    /// As a server-sent event.
    pub(crate) fn sse(&self) -> &Bytes {
        &self.sse
    }

    /// As a Socket.IO packet: the name of the event, and the same JSON.
    pub(crate) fn packet(&self) -> &Str {
        self.packet.get_or_init(|| {
            let text = |range: &std::ops::Range<usize>| {
                // What was built of texts is a text.
                std::str::from_utf8(&self.sse[range.clone()]).unwrap_or_default()
            };
            let (kind, json) = (text(&self.kind), text(&self.json));
            Str::from(format!(r#"2["{kind}",{json}]"#))
        })
    }
}

/// JSON on one line. A payload is kept as Meta wrote it, and may have line ends between its tokens; within strings JSON has none.
fn put_line(to: &mut BytesMut, json: &[u8]) {
    let start = to.len();
    to.put_slice(json);
    for byte in &mut to[start..] {
        if matches!(*byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
}

/// Bodies hold what people wrote.
impl std::fmt::Debug for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Frame")
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn event(position: &str, number: &str, data: &str) -> StoredEvent {
        StoredEvent {
            position: position.to_owned(),
            id: "ab12".to_owned(),
            kind: "message".to_owned(),
            phone_number_id: number.to_owned(),
            data: data.to_owned(),
            traceparent: String::new(),
        }
    }

    #[test]
    fn both_encodings_carry_the_same_json_on_one_line() {
        let data =
            "{\"contact_id\":\"00000000-0000-0000-0000-000000000007\",\r\n\"text\":\"a\\nb ü\"}";
        let frame = Frame::new(&event("5-1", "12", data)).unwrap();
        let sse = std::str::from_utf8(frame.sse()).unwrap();
        let lines: Vec<&str> = sse.split('\n').collect();
        assert_eq!(lines[0], "id: 5-1");
        assert_eq!(lines[1], "event: message");
        assert_eq!(&lines[3..], ["", ""]);
        let json = lines[2].strip_prefix("data: ").unwrap();
        let read: serde_json::Value = serde_json::from_str(json).unwrap();
        assert_eq!(read["position"], "5-1");
        assert_eq!(read["data"]["text"], "a\nb ü");
        assert_eq!(frame.packet().as_str(), format!(r#"2["message",{json}]"#));
        assert_eq!(frame.about.contact_id, Some(Uuid::from_u128(7)));
    }

    #[test]
    fn what_no_worker_wrote_is_no_event() {
        assert!(Frame::new(&event("x", "1", "{}")).is_none());
        assert!(Frame::new(&event("1-1", "1\"", "{}")).is_none());
        assert!(Frame::new(&event("1-1", "1", "[1")).is_none());
        assert!(Frame::new(&event("1-1", "", "{}")).is_some());
    }
}
