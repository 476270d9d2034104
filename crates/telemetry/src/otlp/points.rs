//! The loop that sends metrics.

use std::time::Duration;

use opentelemetry_proto::tonic::resource::v1::Resource;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::transport::Transport;
use super::{Complaint, encode};
use crate::metrics::label::Signal;
use crate::metrics::{self, common};

const WHAT: &str = "metrics";

pub(super) struct Shipper<'a> {
    transport: &'a Transport,
    resource: &'a Resource,
    every: Duration,
    complaint: Complaint,
}

impl<'a> Shipper<'a> {
    pub(super) fn new(transport: &'a Transport, resource: &'a Resource, every: Duration) -> Self {
        Self {
            transport,
            resource,
            every,
            complaint: Complaint::default(),
        }
    }

    /// Sends until told to stop, and then once more.
    pub(super) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut ticks = interval(self.every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The first tick comes at once, when there is nothing to tell.
        ticks.tick().await;
        while !*stop.borrow() {
            tokio::select! {
                // An error means that the exporter is gone, which is the same.
                _ = stop.changed() => {}
                _ = ticks.tick() => self.send().await,
            }
        }
        self.send().await;
    }

    /// Metrics are cumulative: what does not arrive now is in the next request, so none is sent twice.
    async fn send(&mut self) {
        let families = metrics::collect();
        let points: usize = families.iter().map(|family| family.points.len()).sum();
        let request = encode::metrics(self.resource, &families, metrics::started());
        let dropped = match self.transport.metrics(request).await {
            Ok(refused) => {
                self.complaint.worked(WHAT);
                refused
            }
            Err(failure) => {
                self.complaint.failed(WHAT, &failure.why);
                points as u64
            }
        };
        common::TELEMETRY_DROPPED.of(Signal::Metrics).add(dropped);
    }
}
