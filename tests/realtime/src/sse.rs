use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use memchr::memmem;
use serde_json::Value;
use tokio::task::JoinHandle;
use waypost_queue::Position;

use crate::{Dial, Failed, Item};

/// A client of server-sent events, written after the standard and nothing of ours. Reads only when it is asked to.
#[derive(Debug)]
pub struct Sse {
    body: Incoming,
    buffer: BytesMut,
    /// As the standard has it: the last `id:` that was seen.
    last_event_id: Option<Position>,
    /// The last `retry:` that was seen, in milliseconds.
    retry: Option<u64>,
    headers: HeaderMap,
    connection: JoinHandle<()>,
}

impl Sse {
    /// Connects.
    ///
    /// # Errors
    /// When nobody answers, or with anything but a stream of events.
    pub async fn connect(dial: &Dial) -> Result<Self, Failed> {
        let query = match &dial.token {
            Some(token) => format!("?token={token}"),
            None => String::new(),
        };
        let mut request = Request::get(format!("/v1/events{query}"))
            .header("host", dial.address.to_string())
            .header("accept", "text/event-stream");
        if let Some(after) = &dial.after {
            request = request.header("last-event-id", after);
        }
        Self::ask(dial, request).await
    }

    /// Connects with a request of the caller's own making.
    ///
    /// # Errors
    /// When nobody answers, or with anything but a stream of events.
    ///
    /// # Panics
    /// When it is no request.
    pub async fn ask(dial: &Dial, mut request: http::request::Builder) -> Result<Self, Failed> {
        if let Some(origin) = &dial.origin {
            request = request.header("origin", origin);
        }
        let io = TokioIo::new(dial.stream().await?);
        let (mut sender, connection) = http1::handshake(io).await?;
        let connection = tokio::spawn(async move {
            // Killed servers are what these tests are about.
            let _ = connection.await;
        });
        let request = request.body(Empty::<Bytes>::new()).expect("a request");
        let (head, body) = sender.send_request(request).await?.into_parts();
        if head.status != 200 {
            let body = body.collect().await?.to_bytes();
            let text = |name: &str| head.headers.get(name)?.to_str().ok().map(str::to_owned);
            return Err(Failed::Refused {
                status: head.status.as_u16(),
                problem: serde_json::from_slice(&body).unwrap_or(Value::Null),
                retry_after: text("retry-after"),
            });
        }
        let kind = head.headers["content-type"].to_str().unwrap_or_default();
        assert!(kind.starts_with("text/event-stream"), "{kind}");
        Ok(Self {
            body,
            buffer: BytesMut::new(),
            last_event_id: None,
            retry: None,
            headers: head.headers,
            connection,
        })
    }

    /// Waits for what comes next. `None` at the end, however it came. May be dropped.
    ///
    /// # Panics
    /// When something comes that no client was promised.
    pub async fn next(&mut self) -> Option<Item> {
        loop {
            if let Some(item) = self.take() {
                return Some(item);
            }
            let frame = self.body.frame().await?.ok()?;
            if let Ok(data) = frame.into_data() {
                self.buffer.extend_from_slice(&data);
            }
        }
    }

    /// The last `id:` that was seen: what a browser hands over when it comes back.
    pub fn last_event_id(&self) -> Option<Position> {
        self.last_event_id
    }

    /// After how many milliseconds a browser would come back.
    pub fn retry(&self) -> Option<u64> {
        self.retry
    }

    /// The headers of the answer.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// What the next block in the buffer says, if there is a whole one.
    fn take(&mut self) -> Option<Item> {
        loop {
            let end = memmem::find(&self.buffer, b"\n\n")?;
            let block = self.buffer.split_to(end);
            self.buffer.advance(2);
            let block = std::str::from_utf8(&block).expect("UTF-8").to_owned();
            if let Some(item) = self.read(&block) {
                return Some(item);
            }
        }
    }

    /// A block that tells of no event may still tell a position.
    fn read(&mut self, block: &str) -> Option<Item> {
        let (mut name, mut data, mut position) = ("message", None, None);
        for line in block.split('\n') {
            assert!(!line.contains('\r'), "line ends of two kinds: {line:?}");
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "" => {}
                "id" => position = Some(value.parse().expect("a position")),
                "event" => name = value,
                "data" => assert_eq!(data.replace(value), None, "data of two lines"),
                "retry" => self.retry = Some(value.parse().expect("milliseconds")),
                other => panic!("a field that no browser knows: {other}"),
            }
        }
        self.last_event_id = position.or(self.last_event_id);
        let Some(data) = data else {
            return position.map(Item::Position);
        };
        let json = serde_json::from_str(data).unwrap_or_else(|error| panic!("{data}: {error}"));
        let item = Item::named(name, json);
        match &item {
            Item::Event(heard) => assert_eq!(position, Some(heard.position), "id and position"),
            Item::Resync(resync) => assert_eq!(position, Some(resync.position), "id and position"),
            Item::Position(_) => panic!("a position is no event here: {block}"),
            Item::Bye(_) => {}
        }
        Some(item)
    }
}

impl Drop for Sse {
    fn drop(&mut self) {
        self.connection.abort();
    }
}
