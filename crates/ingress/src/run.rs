//! The order of start and stop.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use waypost_queue::{AcceptorTask, Enqueuer, EnqueuerTask, QueueError, Redis};
use waypost_runtime::admin::serve_admin;
use waypost_runtime::{Drained, Health, Phase, Tls, TlsError, listen, serve};
use waypost_settings::SettingsError;
use waypost_telemetry::metrics::label::WebhookResult;
use waypost_telemetry::metrics::{self, Observer, Part, ingress};

use crate::app::App;
use crate::config::Config;
use crate::enqueue::Durable;
use crate::layers;
use crate::send::Sending;
use crate::spool::{self, Spool, SpoolError, SpoolTask};

/// How often Redis is asked at the start while it does not answer.
const ASK_AGAIN: Duration = Duration::from_millis(500);
/// For what waits after the connections are done: commands to Redis, a write to the spool.
const LAST_WRITES: Duration = Duration::from_secs(5);

/// The sockets, bound already: `main` binds what is configured, a test binds port 0.
#[derive(Debug)]
pub struct Listeners {
    /// The public one, for Meta.
    pub webhook: TcpListener,
    /// The private one for those who send; served when there is a file of keys.
    pub send: Option<TcpListener>,
    /// The private one, for `/livez` and `/readyz`.
    pub admin: Option<TcpListener>,
}

impl Listeners {
    /// Binds what is configured.
    pub async fn bind(config: &Config) -> io::Result<Self> {
        let webhook = listen("ingress.listen", config.listen).await?;
        let send = match config.send.keys_file {
            Some(_) => Some(listen("send.listen", config.send.listen).await?),
            None => None,
        };
        let admin = match config.admin.listen {
            Some(address) => Some(listen("admin.listen", address).await?),
            None => None,
        };
        Ok(Self {
            webhook,
            send,
            admin,
        })
    }
}

/// Why the service can't run. None of these heals by itself; a Redis that is merely away is waited for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IngressError {
    /// The address of Redis is wrong, or it would lose what it is given.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The spool's directory can't be used.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// The certificate can't be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The file of keys or of numbers can't be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
}

/// Runs until `shutdown` completes, then drains.
///
/// Listens from the first moment: until Redis has been found fit, webhooks go to the spool or are answered 503.
pub async fn run(
    config: Config,
    listeners: Listeners,
    shutdown: impl Future<Output = ()>,
) -> Result<(), IngressError> {
    metrics::enable(Part::Ingress);
    let mut settings = config.serve.clone();
    settings.tls = config.tls.clone().map(Tls::load).transpose()?;
    let (spool, spool_task) = match &config.spool {
        Some(settings) => Spool::open(settings).map(|(spool, task)| (Some(spool), Some(task)))?,
        None => (None, None),
    };
    let _figures: Option<Observer> = spool.as_ref().map(Spool::observe);
    let redis = Redis::connect(&config.redis).await?;
    let (enqueuer, enqueuer_task) = Enqueuer::start(redis.clone(), &config.inbox);
    let app = Arc::new(App::new(
        &config,
        Durable::new(enqueuer.clone(), spool.clone()),
    ));
    let sending = Sending::start(&config, &redis, listeners.send, app.gate.clone())?;
    let health = Health::default();
    let admin = listeners
        .admin
        .map(|listener| tokio::spawn(serve_admin(listener, health.clone())));

    let (unfit, is_unfit) = oneshot::channel();
    let backlog = spool.map(|spool| (spool, enqueuer));
    let opening = tokio::spawn(open(
        redis,
        Arc::clone(&app),
        health.clone(),
        unfit,
        backlog,
    ));
    let mut verdict = Ok(());
    let stop = async {
        tokio::select! {
            () = shutdown => {}
            Ok(error) = is_unfit => verdict = Err(error.into()),
        }
        health.enter(Phase::Draining);
    };
    let webhooks = serve(
        listeners.webhook,
        layers::service(Arc::clone(&app)),
        settings,
        stop,
    );
    // One drain for both: they begin it together, and neither holds up the other.
    let (drained, sending) = tokio::join!(webhooks, sending.serve(config.serve, &health));
    opening.abort();
    // Its end drops the enqueuer and the spool that it holds; the tasks behind them wait for that.
    let _ = opening.await;
    report(&app, drained);
    finish(app, enqueuer_task, spool_task, sending).await;
    stop_admin(&health, admin).await;
    verdict
}

/// Opens the way to Redis as soon as that has been found fit, then replays what the spool holds.
async fn open(
    redis: Redis,
    app: Arc<App>,
    health: Health,
    unfit: oneshot::Sender<QueueError>,
    backlog: Option<(Spool, Enqueuer)>,
) {
    let mut complained = false;
    while let Err(error) = redis.check_durability().await {
        if !error.is_transient() {
            // Nobody listening means that the service is stopping anyway.
            let _ = unfit.send(error);
            return;
        }
        if !std::mem::replace(&mut complained, true) {
            tracing::warn!("{error}; webhooks are not taken until it answers");
        }
        sleep(ASK_AGAIN).await;
    }
    app.gate.open();
    health.enter(Phase::Running);
    tracing::info!("taking webhooks");
    if let Some((spool, enqueuer)) = backlog {
        spool::replay(spool, enqueuer).await;
    } else {
        // Keeps `unfit`: its end would look like a verdict.
        std::future::pending::<()>().await;
    }
}

/// Drops the last handles and waits for what they had under way.
async fn finish(
    app: Arc<App>,
    enqueuer: EnqueuerTask,
    spool: Option<SpoolTask>,
    outbox: Option<AcceptorTask>,
) {
    drop(app);
    let all = async {
        enqueuer.finished().await;
        if let Some(outbox) = outbox {
            outbox.finished().await;
        }
        if let Some(spool) = spool {
            spool.finished().await;
        }
    };
    if timeout(LAST_WRITES, all).await.is_err() {
        tracing::warn!(
            "the last writes did not end in time; what they carry was not answered as taken"
        );
    }
}

async fn stop_admin(health: &Health, admin: Option<JoinHandle<()>>) {
    health.enter(Phase::Stopped);
    if let Some(admin) = admin {
        // It ends by itself once the phase is Stopped; an error is a panic, which the hook has reported.
        let _ = admin.await;
    }
}

fn report(app: &App, drained: Drained) {
    let answered = |result| ingress::WEBHOOKS.of(result).get();
    tracing::info!(
        accepted = answered(WebhookResult::Accepted),
        spooled = answered(WebhookResult::Spooled),
        unauthorized = answered(WebhookResult::Unauthorized),
        unavailable = answered(WebhookResult::Unavailable),
        panicked = app.panicked.load(Ordering::Relaxed),
        cut = drained.cut,
        "drained"
    );
}
