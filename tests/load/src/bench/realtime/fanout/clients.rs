//! Clients that count what they get.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context as TaskContext, Poll, ready};
use std::time::Duration;

use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use memchr::memmem::Finder;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::LocalSet;

use super::{CLIENTS, Load};
use crate::bench::realtime::sse;

/// What stands in each event before the eight digits of its number.
pub(super) const MARK: &str = "\"bench_event\":\"";
const DIGITS: usize = 8;
/// Mark and digits.
const LONG: usize = MARK.len() + DIGITS;
/// Shared by all clients, so that it stays in the processor's cache.
const BUFFER: usize = 256 << 10;
/// The time of one delivery in so many is kept.
const SAMPLE: usize = 8;
/// Nothing came for so long after the last event: nothing will.
const SILENCE: Duration = Duration::from_secs(5);

/// Clients, connected.
pub(super) struct Clients(oneshot::Receiver<Result<Received>>);

/// What they got.
pub(super) struct Received {
    /// Events of each client, without a gap from the first.
    pub(super) counts: Vec<usize>,
    /// Microseconds from the event's way to Redis to its receipt.
    pub(super) latency: Histogram<u64>,
    /// When the last delivery came.
    pub(super) last: Duration,
}

/// Connects all clients, on a thread of their own.
pub(super) async fn connect(at: SocketAddr, token: String, load: Arc<Load>) -> Result<Clients> {
    let (connected, ready) = oneshot::channel();
    let (sender, receiver) = oneshot::channel();
    std::thread::spawn(move || {
        let received = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("runtime")
            .and_then(|runtime| {
                let clients = drive(at, &token, load, connected);
                LocalSet::new().block_on(&runtime, clients)
            });
        let _ = sender.send(received);
    });
    if ready.await.is_err() {
        // It ended before, and says why.
        receiver.await.context("the clients' thread ended")??;
        anyhow::bail!("the clients' thread ended");
    }
    Ok(Clients(receiver))
}

impl Clients {
    /// What they got, as soon as they have all or nothing more comes.
    pub(super) async fn received(self) -> Result<Received> {
        self.0.await.context("the clients' thread ended")?
    }
}

async fn drive(
    at: SocketAddr,
    token: &str,
    load: Arc<Load>,
    connected: oneshot::Sender<()>,
) -> Result<Received> {
    let mut streams = Vec::with_capacity(CLIENTS);
    for _ in 0..CLIENTS {
        streams.push(sse::connect(at, token).await?);
    }
    let desk = Rc::new(RefCell::new(Desk::new(Arc::clone(&load))?));
    for (i, stream) in streams.into_iter().enumerate() {
        tokio::task::spawn_local(follow(i, stream, Rc::clone(&desk)));
    }
    // Nobody waits for it only when the benchmark has ended.
    let _ = connected.send(());
    let mut before = 0;
    let mut silent = Duration::ZERO;
    let beat = Duration::from_millis(50);
    while desk.borrow().received() < CLIENTS * load.events && silent < SILENCE {
        tokio::time::sleep(beat).await;
        let received = desk.borrow().received();
        let quiet = received == before && load.published.load(Ordering::Acquire);
        silent = if quiet { silent + beat } else { Duration::ZERO };
        before = received;
    }
    let mut desk = desk.borrow_mut();
    Ok(Received {
        counts: std::mem::take(&mut desk.counts),
        latency: desk.latency.clone(),
        last: desk.last,
    })
}

/// Reads until all events came, or the server ends the connection.
async fn follow(me: usize, mut stream: TcpStream, desk: Rc<RefCell<Desk>>) {
    let mut rest = Rest::default();
    loop {
        let read = poll_fn(|context| desk.borrow_mut().read(me, &mut stream, &mut rest, context));
        match read.await {
            Ok(true) => {}
            Ok(false) => return,
            Err(why) => {
                println!("fan-out: client {me} stopped: {why}");
                return;
            }
        }
    }
}

/// The end of what a client has read, which may be the beginning of a mark.
#[derive(Default)]
struct Rest {
    bytes: [u8; LONG],
    length: usize,
}

/// Where all clients of the thread read and count.
struct Desk {
    load: Arc<Load>,
    mark: Finder<'static>,
    /// The rest of the read before goes in front of what is read at [`LONG`].
    buffer: Box<[u8]>,
    counts: Vec<usize>,
    latency: Histogram<u64>,
    last: Duration,
}

impl Desk {
    fn new(load: Arc<Load>) -> Result<Self> {
        Ok(Self {
            load,
            mark: Finder::new(MARK),
            buffer: vec![0; LONG + BUFFER].into(),
            counts: vec![0; CLIENTS],
            latency: Histogram::new(3)?,
            last: Duration::ZERO,
        })
    }

    fn received(&self) -> usize {
        self.counts.iter().sum()
    }

    /// Reads once and counts. False when there is no more to come.
    fn read(
        &mut self,
        me: usize,
        stream: &mut TcpStream,
        rest: &mut Rest,
        context: &mut TaskContext<'_>,
    ) -> Poll<io::Result<bool>> {
        let mut free = ReadBuf::new(&mut self.buffer[LONG..]);
        ready!(Pin::new(stream).poll_read(context, &mut free))?;
        let read = free.filled().len();
        if read == 0 {
            return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
        }
        self.take(me, read, rest)?;
        Poll::Ready(Ok(self.counts[me] < self.load.events))
    }

    /// Counts what was read at [`LONG`], with what was left of the read before.
    fn take(&mut self, me: usize, read: usize, rest: &mut Rest) -> io::Result<()> {
        let (start, end) = (LONG - rest.length, LONG + read);
        self.buffer[start..LONG].copy_from_slice(&rest.bytes[..rest.length]);
        let now = self.load.now();
        self.last = Duration::from_micros(now);
        let counted = self.count(me, start..end, now)?;
        // Less than a mark with its digits: none is counted twice.
        let from = counted.max(end - (LONG - 1).min(end - start));
        rest.length = end - from;
        rest.bytes[..rest.length].copy_from_slice(&self.buffer[from..end]);
        Ok(())
    }

    /// Counts the events in a part of the buffer, and returns where the last of them ended.
    fn count(&mut self, me: usize, part: std::ops::Range<usize>, now: u64) -> io::Result<usize> {
        let mut at = part.start;
        while let Some(found) = self.mark.find(&self.buffer[at..part.end]) {
            let digits = at + found + MARK.len();
            let Some(digits) = self.buffer[..part.end].get(digits..digits + DIGITS) else {
                break;
            };
            let number = digits
                .iter()
                .fold(0, |number, digit| number * 10 + usize::from(digit - b'0'));
            let expected = self.counts[me];
            if number != expected {
                let what = format!("event {number} came where {expected} was due");
                return Err(io::Error::other(what));
            }
            if (number + me).is_multiple_of(SAMPLE) {
                let took = now.saturating_sub(self.load.sent(number));
                self.latency.record(took).map_err(io::Error::other)?;
            }
            self.counts[me] += 1;
            at += found + LONG;
        }
        Ok(at)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicU64};
    use std::time::Instant;

    use super::*;

    const EVENTS: usize = 40;

    fn desk() -> Desk {
        let load = Load {
            rate: 1.0,
            events: EVENTS,
            origin: Instant::now(),
            sent: (0..EVENTS).map(|_| AtomicU64::new(0)).collect(),
            published: AtomicBool::new(true),
        };
        Desk::new(Arc::new(load)).unwrap()
    }

    fn text(numbers: impl IntoIterator<Item = usize>) -> Vec<u8> {
        let events = numbers
            .into_iter()
            .map(|number| format!("id: 1-{number}\ndata: {{\"a\":1,{MARK}{number:08}\"}}\n\n"));
        events.collect::<String>().into_bytes()
    }

    fn read(desk: &mut Desk, text: &[u8], piece: usize) -> io::Result<()> {
        let mut rest = Rest::default();
        for piece in text.chunks(piece) {
            desk.buffer[LONG..LONG + piece.len()].copy_from_slice(piece);
            desk.take(7, piece.len(), &mut rest)?;
        }
        Ok(())
    }

    #[test]
    fn each_event_is_counted_once_however_it_was_cut() {
        let text = text(0..EVENTS);
        for piece in 1..=text.len() {
            let mut desk = desk();
            read(&mut desk, &text, piece).unwrap();
            assert_eq!(desk.counts[7], EVENTS, "in pieces of {piece}");
            assert_eq!(desk.latency.len(), (EVENTS / SAMPLE) as u64);
        }
    }

    #[test]
    fn a_gap_and_a_double_are_noticed() {
        for numbers in [vec![0, 1, 3], vec![0, 1, 1], vec![1]] {
            let wrong = read(&mut desk(), &text(numbers.clone()), 64);
            assert!(wrong.is_err(), "{numbers:?}");
        }
    }
}
