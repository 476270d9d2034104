//! Start and stop of the Send API, within those of the service.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::net::TcpListener;
use tokio::task::JoinSet;
use waypost_queue::{Acceptor, AcceptorTask, Redis};
use waypost_runtime::{Health, Phase, ServeSettings, serve};
use waypost_settings::{SettingsError, Watched};
use waypost_telemetry::metrics::ingress;
use waypost_telemetry::metrics::label::SendResult;

use super::keys::Keys;
use super::{Api, route};
use crate::app::{App, Gate};
use crate::body::Memory;
use crate::config::Config;

/// The Send API, if there is one, before it serves.
pub(crate) struct Sending(Option<Started>);

struct Started {
    listener: TcpListener,
    api: Arc<Api>,
    writing: AcceptorTask,
    /// Readers of the two files; they end with this value.
    _keepers: JoinSet<()>,
}

impl Sending {
    /// Reads the files and starts what writes to the outbox.
    ///
    /// # Errors
    /// When one of the files is wrong.
    pub(crate) fn start(
        config: &Config,
        redis: &Redis,
        listener: Option<TcpListener>,
        gate: Gate,
    ) -> Result<Self, SettingsError> {
        let (Some(file), Some(listener)) = (&config.send.keys_file, listener) else {
            tracing::info!("the send API is off; send.keys_file turns it on");
            return Ok(Self(None));
        };
        let (keys, keeper) = Keys::open(file, "send.keys_file")?;
        let (numbers, numbers_keeper) = Watched::open(config.numbers.file.as_deref())?;
        let mut keepers = JoinSet::new();
        keepers.spawn(keeper.run());
        keepers.spawn(numbers_keeper.run());
        let (acceptor, writing) = Acceptor::start(redis.clone(), &config.outbox);
        let api = Arc::new(Api {
            settings: config.send.clone(),
            acceptor,
            keys,
            numbers,
            body_timeout: config.body_timeout,
            body_memory: Memory::new(config.body_memory),
            retry_after: App::retry_after(config),
            gate,
            panicked: Arc::default(),
        });
        Ok(Self(Some(Started {
            listener,
            api,
            writing,
            _keepers: keepers,
        })))
    }

    /// Serves until the service drains, then drains too. What still writes is handed back, to be waited for.
    pub(crate) async fn serve(
        self,
        settings: ServeSettings,
        health: &Health,
    ) -> Option<AcceptorTask> {
        let started = self.0?;
        let mut phase = health.watch();
        let stop = async move {
            // An error would mean that nobody holds the phase any more: the end as well.
            let _ = phase.wait_for(|phase| *phase >= Phase::Draining).await;
        };
        let service = route::service(Arc::clone(&started.api));
        serve(started.listener, service, settings, stop).await;
        report(&started.api);
        Some(started.writing)
    }
}

fn report(api: &Api) {
    let answered = |result| ingress::SEND_REQUESTS.of(result).get();
    tracing::info!(
        accepted = answered(SendResult::Accepted),
        replayed = answered(SendResult::Replayed),
        unauthorized = answered(SendResult::Unauthorized),
        refused = answered(SendResult::Refused),
        backlog = answered(SendResult::Backlog),
        unavailable = answered(SendResult::Unavailable),
        panicked = api.panicked.load(Ordering::Relaxed),
        "send API drained"
    );
}
