//! Starts everything, and stops in reverse order.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::service::Routes;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;
use tower::Layer;
use waypost_queue::{
    Acceptor, AcceptorTask, EffectMemory, EventLog, Inbox, Outbox, QueueError, Redis,
};
use waypost_rpc::schema::METHODS;
use waypost_rpc::v1::audit_service_server::AuditServiceServer;
use waypost_rpc::v1::dead_letter_service_server::DeadLetterServiceServer;
use waypost_rpc::v1::message_service_server::MessageServiceServer;
use waypost_rpc::v1::number_service_server::NumberServiceServer;
use waypost_rpc::v1::queue_service_server::QueueServiceServer;
use waypost_rpc::v1::realtime_service_server::RealtimeServiceServer;
use waypost_runtime::admin::serve_admin;
use waypost_runtime::{Health, Phase, ServeSettings, Tls, TlsError, listen, serve};
use waypost_settings::SettingsError;
use waypost_store::{Store, StoreError};
use waypost_telemetry::metrics;
use waypost_token::Tokens;

use crate::audit::{Audit, flush};
use crate::config::Config;
use crate::confirm::Confirm;
use crate::front::Front;
use crate::guard::{self, Keeper, Keys};
use crate::observe;
use crate::plane::{Parts, Plane, corner};
use crate::services::{
    Audits, DeadLetters, Messages, Numbers, Queues, Realtime, Snapshots, gauges,
};
use crate::ui::Ui;

/// Somebody waits for Postgres' answer, and would rather know.
const CONNECT: Duration = Duration::from_secs(2);
const STATEMENT: Duration = Duration::from_secs(5);
/// For what waits after the connections are done.
const LAST_WRITES: Duration = Duration::from_secs(5);

/// The sockets, bound already: `main` binds what is configured, a test binds port 0.
#[derive(Debug)]
pub struct Listeners {
    /// gRPC, HTTP and the dashboard.
    pub plane: TcpListener,
    /// The private one, for `/livez`, `/readyz` and `/metrics`.
    pub admin: Option<TcpListener>,
}

impl Listeners {
    /// Binds what is configured.
    ///
    /// # Errors
    /// When an address is taken or is none of this machine's.
    pub async fn bind(config: &Config) -> io::Result<Self> {
        Ok(Self {
            plane: listen("monitor.listen", config.monitor.listen).await?,
            admin: match config.admin.listen {
                Some(address) => Some(listen("admin.listen", address).await?),
                None => None,
            },
        })
    }
}

/// Why the service can't run. None of these heals by itself.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MonitorError {
    /// The address of Redis is wrong, or it would lose what it is given.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The settings of Postgres cannot work.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The certificate can't be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The file of tokens can't be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The descriptors that are compiled in don't decode.
    #[error("reflection: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// The socket has no address.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It listens where others reach it, and needs no token.
    #[error("{0} can be reached by others, and there are no tokens: set monitor.tokens_file")]
    Open(SocketAddr),
}

/// Serves until `shutdown` completes, then lets calls that are under way end.
///
/// Neither Redis nor Postgres has to be there: what needs one that is away is answered so.
///
/// # Errors
/// When the settings cannot work.
pub async fn run(
    config: Config,
    listeners: Listeners,
    health: Health,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), MonitorError> {
    metrics::enable(metrics::Part::Monitor);
    let address = listeners.plane.local_addr()?;
    let (tokens, keeper) = tokens(&config, address)?;
    let open = tokens.is_none();
    let settings = ServeSettings {
        max_connections: 1_000,
        drain_deadline: config.monitor.drain_deadline,
        tls: config.monitor.tls.clone().map(Tls::load).transpose()?,
        // Whoever leaves a slow replay ends it.
        half_close: false,
        // Whoever watches and does not read is not waited for.
        write_timeout: Some(Duration::from_secs(60)),
        tell_peer: true,
        ..ServeSettings::default()
    };
    let redis = Redis::connect(&config.redis).await?;
    let store = Store::connect(&config.store.clone().at_most(CONNECT, STATEMENT)).await?;
    let admin = listeners
        .admin
        .map(|listener| tokio::spawn(serve_admin(listener, health.clone())));
    let draining = CancellationToken::new();
    let audit = Audit::new(corner(&redis));
    let flushing = tokio::spawn(flush(audit.clone(), store.clone()));
    let keeping = keeper.map(|keeper| tokio::spawn(keeper.run()));
    let (acceptor, acceptor_task) = Acceptor::start(redis.clone(), &config.outbox);
    let refusals = audit.clone();
    let plane = plane(&config, &redis, store, audit, acceptor, draining.clone());
    let (reporter, services) = services(&plane)?;
    let guard = guard::guard(tokens, move |refused| refusals.refused(refused));
    let guarded = observe::count().layer(guard.layer(observe::trace().layer(services)));
    let reading = tokio::spawn(gauges::keep(plane.clone()));

    tell(&reporter, ServingStatus::Serving).await;
    health.enter(Phase::Running);
    tracing::info!("the admin plane is at {address}");
    let stop = async {
        shutdown.await;
        health.enter(Phase::Draining);
        tell(&reporter, ServingStatus::NotServing).await;
        draining.cancel();
    };
    let ui = Ui::new(config.monitor.realtime_url.as_ref());
    serve(
        listeners.plane,
        Front::new(guarded, ui, open),
        settings,
        stop,
    )
    .await;
    if let Some(keeping) = keeping {
        keeping.abort();
    }
    // It has a part in the plane, which is dropped next.
    reading.abort();
    let _ = reading.await;
    finish(plane, acceptor_task).await;
    flushing.abort();
    health.enter(Phase::Stopped);
    if let Some(admin) = admin {
        let _ = admin.await;
    }
    Ok(())
}

/// Waits for what calls have left behind: changes on their way to their end, a message on its way to Redis.
async fn finish(plane: Plane, acceptor: AcceptorTask) {
    plane.changes.close();
    if timeout(LAST_WRITES, plane.changes.wait()).await.is_err() {
        tracing::warn!("a change was still being made; the audit has it as started");
    }
    drop(plane);
    if timeout(LAST_WRITES, acceptor.finished()).await.is_err() {
        tracing::warn!(
            "a message was still on its way to Redis; its sender was not told that it was taken"
        );
    }
}

/// Whose tokens are good; none only where nobody else can come.
fn tokens(
    config: &Config,
    address: SocketAddr,
) -> Result<(Option<Keys>, Option<Keeper>), MonitorError> {
    let Some(path) = &config.monitor.tokens_file else {
        if !address.ip().is_loopback() {
            return Err(MonitorError::Open(address));
        }
        tracing::warn!("no monitor.tokens_file: whoever is on this machine is an admin");
        return Ok((None, None));
    };
    if config.monitor.tls.is_none() && !address.ip().is_loopback() {
        tracing::warn!(
            "tokens travel in the clear on {address}: set monitor.tls_certificate, or let something before it speak TLS"
        );
    }
    let (tokens, keeper) = Keys::open(path, "monitor.tokens_file")?;
    Ok((Some(tokens), Some(keeper)))
}

/// Tells whoever asks for the health of the whole, or of one service.
async fn tell(reporter: &HealthReporter, status: ServingStatus) {
    reporter.set_service_status("", status).await;
    for method in METHODS.iter() {
        let service = method.descriptor.parent_service();
        reporter
            .set_service_status(service.full_name(), status)
            .await;
    }
}

fn plane(
    config: &Config,
    redis: &Redis,
    store: Store,
    audit: Audit,
    acceptor: Acceptor,
    draining: CancellationToken,
) -> Plane {
    Plane::new(Parts {
        inbox: Inbox::new(redis, config.inbox.partitions),
        facts: Inbox::of_facts(redis, config.outbox.partitions),
        outbox: Outbox::new(redis, &config.outbox),
        acceptor,
        memory: EffectMemory::new(redis, &config.memory),
        events: EventLog::new(redis, &config.events),
        store,
        audit,
        confirm: Confirm::new(corner(redis)),
        tokens: Tokens::new(&config.tokens.secrets),
        realtime_url: config.monitor.realtime_url.clone(),
        default_limit: config.lanes.number_limit,
        snapshots: Snapshots::default(),
        changes: TaskTracker::new(),
        draining,
    })
}

fn services(plane: &Plane) -> Result<(HealthReporter, Routes), MonitorError> {
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(waypost_rpc::DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let (reporter, health) = tonic_health::server::health_reporter();
    let routes = Routes::new(QueueServiceServer::new(Queues(plane.clone())))
        .add_service(DeadLetterServiceServer::new(DeadLetters(plane.clone())))
        .add_service(MessageServiceServer::new(Messages(plane.clone())))
        .add_service(NumberServiceServer::new(Numbers(plane.clone())))
        .add_service(RealtimeServiceServer::new(Realtime(plane.clone())))
        .add_service(AuditServiceServer::new(Audits(plane.clone())))
        .add_service(health)
        .add_service(reflection().build_v1()?)
        // Most clients still ask for this one.
        .add_service(reflection().build_v1alpha()?)
        .prepare();
    Ok((reporter, routes))
}
