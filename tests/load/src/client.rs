//! An HTTP/1.1 client that costs as little as can be, because it shares the processors with what it measures.
//!
//! Requests are laid out beforehand; of an answer only status and length are read.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use hdrhistogram::Histogram;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use crate::corpus::Webhook;

/// Between two looks at the clock in open loop.
const BEAT: Duration = Duration::from_micros(100);

/// Requests as bytes on the wire.
pub type Requests = Arc<[Vec<u8>]>;

/// What a run brought.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Answers of the 200s.
    pub ok: u64,
    /// Other answers.
    pub refused: u64,
    /// When the first request was due; in open loop, request `i` was due `i / rate` seconds later.
    pub started: Instant,
    /// From the first request to the last answer.
    pub took: Duration,
    /// In microseconds.
    pub latency: Histogram<u64>,
}

impl Outcome {
    /// Good answers per second.
    pub fn rate(&self) -> f64 {
        self.ok as f64 / self.took.as_secs_f64()
    }

    /// A percentile of the latency, in milliseconds.
    pub fn percentile(&self, percent: f64) -> f64 {
        self.latency.value_at_quantile(percent / 100.0) as f64 / 1e3
    }
}

/// How requests are paced.
#[derive(Clone, Copy, Debug)]
pub enum Pace {
    /// Each connection sends its next request when it has its answer.
    Closed {
        /// For this long.
        time: Duration,
    },
    /// Requests are due at a fixed rate, whatever the answers do; latency counts from the moment one was due.
    Open {
        /// Requests a second.
        rate: f64,
        /// For this long.
        time: Duration,
    },
}

/// Lays out POST requests.
pub fn requests(webhooks: &[Webhook], path: &str) -> Requests {
    webhooks
        .iter()
        .map(|webhook| {
            let head = format!(
                "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\nX-Hub-Signature-256: {}\r\n\r\n",
                webhook.body.len(),
                webhook.signature
            );
            [head.as_bytes(), &webhook.body].concat()
        })
        .collect()
}

/// Sends `requests` in turn over `connections` keep-alive connections, on a thread of its own.
///
/// # Errors
/// When a connection fails.
pub async fn run(
    address: SocketAddr,
    requests: Requests,
    connections: usize,
    pace: Pace,
) -> Result<Outcome> {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let outcome = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("runtime")
            .and_then(|runtime| runtime.block_on(drive(address, requests, connections, pace)));
        let _ = sender.send(outcome);
    });
    receiver.await.context("the client's thread ended")?
}

struct Shared {
    requests: Requests,
    next: AtomicUsize,
    ok: AtomicU64,
    refused: AtomicU64,
    started: Instant,
    pace: Pace,
    /// Open loop: one permit for each request that is due.
    due: Semaphore,
}

async fn drive(
    address: SocketAddr,
    requests: Requests,
    connections: usize,
    pace: Pace,
) -> Result<Outcome> {
    let mut streams = Vec::with_capacity(connections);
    for _ in 0..connections {
        let stream = TcpStream::connect(address).await.context("connect")?;
        stream.set_nodelay(true)?;
        streams.push(stream);
    }
    let shared = Arc::new(Shared {
        requests,
        next: AtomicUsize::new(0),
        ok: AtomicU64::new(0),
        refused: AtomicU64::new(0),
        started: Instant::now(),
        pace,
        due: Semaphore::new(0),
    });
    if let Pace::Open { rate, .. } = pace {
        let shared = Arc::clone(&shared);
        std::thread::spawn(move || metronome(&shared, rate));
    }
    let tasks: Vec<_> = streams
        .into_iter()
        .map(|stream| tokio::spawn(connection(stream, Arc::clone(&shared))))
        .collect();
    let mut latency = Histogram::new(3)?;
    for task in tasks {
        latency.add(task.await??)?;
    }
    Ok(Outcome {
        ok: shared.ok.load(Ordering::Relaxed),
        refused: shared.refused.load(Ordering::Relaxed),
        started: shared.started,
        took: shared.started.elapsed(),
        latency,
    })
}

async fn connection(mut stream: TcpStream, shared: Arc<Shared>) -> Result<Histogram<u64>> {
    let mut latency = Histogram::new(3)?;
    let mut buffer = Vec::with_capacity(4096);
    while let Some((number, due)) = next(&shared).await {
        let request = &shared.requests[number % shared.requests.len()];
        stream.write_all(request).await?;
        let status = answer(&mut stream, &mut buffer).await?;
        let counter = if status / 100 == 2 {
            &shared.ok
        } else {
            &shared.refused
        };
        counter.fetch_add(1, Ordering::Relaxed);
        latency.record(due.elapsed().as_micros() as u64)?;
    }
    Ok(latency)
}

/// The next request and the moment it is due; `None` at the end. Waits until then.
async fn next(shared: &Shared) -> Option<(usize, Instant)> {
    let number = shared.next.fetch_add(1, Ordering::Relaxed);
    match shared.pace {
        Pace::Closed { time } => {
            let now = Instant::now();
            (now - shared.started < time).then_some((number, now))
        }
        Pace::Open { rate, time } => {
            let after = Duration::from_secs_f64(number as f64 / rate);
            if after >= time {
                return None;
            }
            // Never closed.
            shared.due.acquire().await.ok()?.forget();
            Some((number, shared.started + after))
        }
    }
}

/// Lets requests go as they fall due. A thread with the system's own clock, because tokio's ticks in milliseconds.
fn metronome(shared: &Shared, rate: f64) {
    let Pace::Open { time, .. } = shared.pace else {
        return;
    };
    let mut gone = 0;
    while shared.started.elapsed() < time {
        std::thread::sleep(BEAT);
        // The first is due at once.
        let due = 1 + (shared.started.elapsed().as_secs_f64() * rate) as usize;
        shared.due.add_permits(due - gone);
        gone = due;
    }
    // The last ones, rounded up.
    shared.due.add_permits(shared.requests.len());
}

/// Reads one answer whole and returns its status.
async fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<u16> {
    buffer.clear();
    loop {
        if stream.read_buf(buffer).await? == 0 {
            bail!("the connection was closed before the answer");
        }
        let Some(end) = memchr::memmem::find(buffer, b"\r\n\r\n") else {
            continue;
        };
        if buffer.len() >= end + 4 + content_length(&buffer[..end]) {
            let status = buffer.get(9..12).context("an answer")?;
            return Ok(std::str::from_utf8(status)?.parse()?);
        }
    }
}

fn content_length(head: &[u8]) -> usize {
    head.split(|byte| *byte == b'\n')
        .find_map(|line| {
            let (name, value) = line.split_at_checked(15)?;
            name.eq_ignore_ascii_case(b"content-length:")
                .then(|| std::str::from_utf8(value).ok()?.trim().parse().ok())?
        })
        .unwrap_or(0)
}
