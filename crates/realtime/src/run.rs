//! The order of start and stop.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinSet;
use waypost_queue::{EventLog, EventTail, QueueError, Redis};
use waypost_runtime::admin::serve_admin;
use waypost_runtime::{Health, Phase, ServeSettings, listen, serve};
use waypost_settings::SettingsError;
use waypost_telemetry::metrics;
use waypost_token::Tokens;

use crate::app::App;
use crate::config::Config;
use crate::front;
use crate::hub::{Hub, HubSettings, Reader};
use crate::limits::Limits;
use crate::socket::Sockets;
use crate::tokens::{self, Desk, Keys};

/// The sockets, bound already: `main` binds what is configured, a test binds port 0.
#[derive(Debug)]
pub struct Listeners {
    /// What browsers reach.
    pub public: TcpListener,
    /// Where tokens are issued, when there is a file of keys.
    pub tokens: Option<TcpListener>,
    /// For `/livez`, `/readyz` and `/metrics`.
    pub admin: Option<TcpListener>,
}

impl Listeners {
    /// Binds what is configured.
    ///
    /// # Errors
    /// When an address is taken or is none of this machine's.
    pub async fn bind(config: &Config) -> io::Result<Self> {
        Ok(Self {
            public: listen("realtime.listen", config.listen).await?,
            tokens: match &config.keys_file {
                Some(_) => Some(listen("realtime.tokens_listen", config.tokens_listen).await?),
                None => None,
            },
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
pub enum RealtimeError {
    /// The address of Redis is wrong.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The file of keys can't be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// There is nothing to sign tokens with.
    #[error("realtime.secrets is empty: without a secret no token can be believed")]
    NoSecret,
}

/// Serves until `shutdown` completes, then asks every client to come back, and ends when they have gone.
///
/// # Errors
/// When the settings cannot work.
pub async fn run(
    config: Config,
    listeners: Listeners,
    health: Health,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), RealtimeError> {
    metrics::enable(metrics::Part::Realtime);
    let tokens = Tokens::new(&config.tokens.secrets).ok_or(RealtimeError::NoSecret)?;
    let redis = Redis::connect(&config.redis).await?;
    let admin = listeners
        .admin
        .map(|listener| tokio::spawn(serve_admin(listener, health.clone())));
    let mut tasks = JoinSet::new();
    if let Some(listener) = listeners.tokens {
        issue(&config, listener, &tokens, &health, &mut tasks)?;
    }
    let hub = hub(&config, &redis);
    let log = EventLog::new(&redis, &config.events);
    let tail = EventTail::new(&redis);
    let mut reader = Reader::new(hub.clone(), log, tail, health.check("redis"));
    let mut shutdown = Box::pin(shutdown);
    let begun = tokio::select! {
        () = reader.begin() => true,
        () = &mut shutdown => false,
    };
    if begun {
        tasks.spawn(reader.run());
        health.enter(Phase::Running);
        let stop = async {
            shutdown.await;
            health.enter(Phase::Draining);
            tracing::info!(clients = hub.clients(), "asking the clients to come back");
            hub.drain();
        };
        public(&config, listeners.public, &hub, tokens, stop).await;
    }
    health.enter(Phase::Stopped);
    tasks.shutdown().await;
    if let Some(admin) = admin {
        let _ = admin.await;
    }
    Ok(())
}

fn hub(config: &Config, redis: &Redis) -> Hub {
    let log = EventLog::new(redis, &config.events);
    let settings = HubSettings {
        queue: config.queue,
        heartbeat: config.heartbeat,
        spread: config.drain_spread,
    };
    Hub::new(log, settings)
}

async fn public(
    config: &Config,
    listener: TcpListener,
    hub: &Hub,
    tokens: Tokens,
    stop: impl Future<Output = ()>,
) {
    let app = Arc::new(App {
        hub: hub.clone(),
        tokens,
        limits: Limits::new(config.max_per_token, config.max_per_address),
        origins: config.origins.clone(),
        trust_forwarded: config.trust_forwarded,
        panicked: Arc::default(),
    });
    let settings = ServeSettings {
        max_connections: config.max_connections,
        drain_deadline: config.drain_deadline,
        // Whoever leaves is not to be kept: there is nothing to finish for it.
        half_close: false,
        tell_peer: true,
        write_timeout: Some(config.write_timeout),
        ..ServeSettings::default()
    };
    let sockets = Sockets::new(Arc::clone(&app), config.max_connections);
    let service = front::service(app, sockets.clone());
    let stop = async {
        stop.await;
        sockets.stop();
    };
    serve(listener, service, settings, stop).await;
    // WebSockets have left the connections that `serve` counts.
    sockets.ended(config.drain_deadline).await;
}

/// Issues tokens as long as the service runs: a front end that drains here may well get its token here.
fn issue(
    config: &Config,
    listener: TcpListener,
    tokens: &Tokens,
    health: &Health,
    tasks: &mut JoinSet<()>,
) -> Result<(), SettingsError> {
    let Some(file) = &config.keys_file else {
        return Ok(());
    };
    let (keys, keeper) = Keys::open(file, "realtime.keys_file")?;
    tasks.spawn(keeper.run());
    let desk = Arc::new(Desk {
        tokens: tokens.clone(),
        keys,
        panicked: Arc::default(),
    });
    let settings = ServeSettings {
        max_connections: 1_000,
        drain_deadline: Duration::from_secs(5),
        ..ServeSettings::default()
    };
    let mut phase = health.watch();
    let stop = async move {
        let _ = phase.wait_for(|phase| *phase >= Phase::Draining).await;
    };
    tasks.spawn(async move {
        serve(listener, tokens::service(desk), settings, stop).await;
    });
    Ok(())
}
