use waypost_e2e::Stage;
use waypost_harness::Services;

use crate::tokens::SECRET;
use crate::{Publisher, Realtime};

/// What the stream keeps unless a test is about that.
const KEEP: u64 = 1_000_000;

/// The servers and settings of one test of the realtime service.
pub struct Site {
    /// Redis, Postgres, and the settings of ingress and worker.
    pub stage: Stage,
    /// The stream.
    pub stream: Publisher,
    /// The settings of the realtime service.
    pub services: Services,
}

impl Site {
    /// A site in a corner of the shared servers.
    pub async fn new() -> Self {
        Self::on(Stage::new().await)
    }

    /// A site on any stage.
    pub fn on(stage: Stage) -> Self {
        let services = stage
            .services
            .clone()
            .with("realtime.secrets", SECRET)
            // So that no test waits for it.
            .with("realtime.heartbeat", "500ms")
            .with("realtime.drain_spread", "500ms");
        Self {
            stream: Publisher::new(&stage.redis, KEEP),
            services,
            stage,
        }
    }

    /// The same with one setting of the realtime service changed, by its dotted path.
    #[must_use]
    pub fn with(mut self, path: &str, value: impl Into<String>) -> Self {
        self.services = self.services.with(path, value);
        self
    }

    /// The same with a stream that keeps fewer events.
    #[must_use]
    pub fn keeping(mut self, keep: u64) -> Self {
        self.stream = Publisher::new(&self.stage.redis, keep);
        self.with("events.keep", keep.to_string())
    }

    /// The same with leave for pages that are served at this port of 127.0.0.1.
    #[must_use]
    pub fn allowing(self, page: u16) -> Self {
        self.with("realtime.origins", format!("http://127.0.0.1:{page}"))
    }

    /// Starts a realtime service and waits until it is ready.
    pub async fn realtime(&self) -> Realtime {
        Realtime::start(&self.services).await
    }
}
