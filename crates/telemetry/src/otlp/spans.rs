//! The loop that sends spans.

use std::sync::mpsc::Receiver;
use std::time::Duration;

use opentelemetry_proto::tonic::resource::v1::Resource;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::transport::{Failure, Transport};
use super::{Complaint, encode};
use crate::metrics::common;
use crate::metrics::label::Signal;
use crate::trace::Record;

/// How often the queue is emptied. Nobody is woken for a span: that would cost the service more than the span itself.
const LOOK: Duration = Duration::from_millis(100);
/// How long a span waits for company.
const GATHER: Duration = Duration::from_secs(1);
/// Spans in a request: some 200 KB, far below the 4 MiB that collectors take.
const MOST: usize = 512;
/// Times that a request is sent while the collector may come back.
const ATTEMPTS: u32 = 3;
/// Pause before it is sent again; doubles.
const PAUSE: Duration = Duration::from_millis(500);
/// For a request in the process' last seconds.
const AT_LAST: Duration = Duration::from_secs(2);
const WHAT: &str = "spans";

#[expect(
    clippy::vec_box,
    reason = "a record stays in the box in which it came through the queue"
)]
pub(super) struct Shipper<'a> {
    transport: &'a Transport,
    resource: &'a Resource,
    records: Receiver<Box<Record>>,
    gathered: Vec<Box<Record>>,
    /// When the first of them was gathered.
    since: Instant,
    complaint: Complaint,
}

impl<'a> Shipper<'a> {
    pub(super) fn new(
        transport: &'a Transport,
        resource: &'a Resource,
        records: Receiver<Box<Record>>,
    ) -> Self {
        Self {
            transport,
            resource,
            records,
            gathered: Vec::with_capacity(MOST),
            since: Instant::now(),
            complaint: Complaint::default(),
        }
    }

    /// Sends until told to stop, then what is left.
    pub(super) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            tokio::select! {
                // An error means that the exporter is gone, which is the same.
                _ = stop.changed() => {}
                () = sleep(LOOK) => {}
            }
            while self.gather() == MOST {
                self.send(&mut stop).await;
            }
            if !self.gathered.is_empty() && self.since.elapsed() >= GATHER {
                self.send(&mut stop).await;
            }
        }
        while self.gather() > 0 {
            self.send(&mut stop).await;
        }
    }

    /// Takes from the queue what fits into a request; tells how many there are now.
    fn gather(&mut self) -> usize {
        if self.gathered.is_empty() {
            self.since = Instant::now();
        }
        let room = MOST - self.gathered.len();
        self.gathered.extend(self.records.try_iter().take(room));
        self.gathered.len()
    }

    async fn send(&mut self, stop: &mut watch::Receiver<bool>) {
        let spans = self.gathered.len() as u64;
        match self.deliver(stop).await {
            Ok(refused) => {
                self.complaint.worked(WHAT);
                drop_spans(refused);
            }
            Err(failure) => {
                self.complaint.failed(WHAT, &failure.why);
                drop_spans(spans);
            }
        }
        self.gathered.clear();
    }

    async fn deliver(&self, stop: &mut watch::Receiver<bool>) -> Result<u64, Failure> {
        let mut pause = PAUSE;
        let mut attempt = 1;
        loop {
            let request = self
                .transport
                .traces(encode::spans(self.resource, &self.gathered));
            let result = if *stop.borrow() {
                timeout(AT_LAST, request).await.unwrap_or_else(|_| {
                    Err(Failure {
                        passes: false,
                        why: "no answer".to_owned(),
                    })
                })
            } else {
                request.await
            };
            match result {
                Err(failure) if failure.passes && attempt < ATTEMPTS && !*stop.borrow() => {
                    tokio::select! {
                        _ = stop.changed() => {}
                        () = sleep(pause) => {}
                    }
                }
                result => return result,
            }
            (attempt, pause) = (attempt + 1, pause * 2);
        }
    }
}

fn drop_spans(spans: u64) {
    common::TELEMETRY_DROPPED.of(Signal::Traces).add(spans);
}
