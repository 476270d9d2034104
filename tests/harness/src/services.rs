//! Ingress and worker, wired to a test's Redis and Postgres: in this process, or as processes of their own to kill.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use waypost_ingress::Listeners;
use waypost_runtime::Health;
use waypost_settings::MapLookup;

use crate::client::get;
use crate::{Client, Process, TestDatabase, TestRedis, eventually, free_port};

/// What all webhooks of tests are signed with.
pub const APP_SECRET: &str = "test_app_secret";

/// What Meta shows in the handshakes of tests.
pub const VERIFY_TOKEN: &str = "test_verify_token";

/// How long a service may take to be ready, and to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// The settings that the services of one test share.
#[derive(Clone, Debug)]
pub struct Services {
    values: BTreeMap<String, String>,
}

/// A service in this process. Stopped without a drain when this value is dropped.
#[derive(Debug)]
pub struct Running {
    name: &'static str,
    address: SocketAddr,
    admin: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

/// A service as a process of its own. Killed when this value is dropped.
#[derive(Debug)]
pub struct Spawned {
    /// The process, to signal, kill and look at.
    pub process: Process,
    address: SocketAddr,
    send: SocketAddr,
}

impl Services {
    /// Services on a test's own corner of the shared servers.
    pub fn on(redis: &TestRedis, database: &TestDatabase) -> Self {
        Self::at(&redis.url, &redis.prefix, &database.url)
    }

    /// Services on servers at any address: private ones, or behind a proxy.
    pub fn at(redis_url: &str, prefix: &str, database_url: &str) -> Self {
        let values = [
            ("redis.url", redis_url),
            ("redis.prefix", prefix),
            ("postgres.url", database_url),
            ("whatsapp.app_secrets", APP_SECRET),
            ("whatsapp.verify_tokens", VERIFY_TOKEN),
        ];
        Self {
            values: values
                .map(|(path, value)| (path.to_owned(), value.to_owned()))
                .into(),
        }
    }

    /// The same with one setting changed, by its dotted path.
    #[must_use]
    pub fn with(mut self, path: &str, value: impl Into<String>) -> Self {
        self.values.insert(path.to_owned(), value.into());
        self
    }

    /// Starts an ingress in this process and waits until it is ready.
    ///
    /// # Panics
    /// When its configuration is refused or it does not become ready.
    pub async fn ingress(&self) -> Running {
        let running = self.ingress_starting().await;
        running.ready().await;
        running
    }

    /// The same without the wait: for tests in which Redis is away at the start.
    ///
    /// # Panics
    /// When its configuration is refused.
    pub async fn ingress_starting(&self) -> Running {
        let config = waypost_ingress::Config::from_lookup(&self.lookup());
        let config = config.unwrap_or_else(|error| panic!("{error}"));
        let (webhook, admin) = (listener().await, listener().await);
        let address = webhook.local_addr().expect("an address");
        Running::start("ingress", address, admin, |admin, stop| async move {
            let listeners = Listeners {
                webhook,
                send: None,
                admin: Some(admin),
            };
            let ran = waypost_ingress::run(config, listeners, stop.cancelled_owned()).await;
            ran.unwrap_or_else(|error| panic!("the ingress failed: {error}"));
        })
    }

    /// Starts a worker in this process and waits until it is ready.
    ///
    /// # Panics
    /// When its configuration is refused or it does not become ready.
    pub async fn worker(&self) -> Running {
        let running = self.worker_starting().await;
        running.ready().await;
        running
    }

    /// The same without the wait: for tests in which Redis or Postgres is away at the start.
    ///
    /// # Panics
    /// When its configuration is refused.
    pub async fn worker_starting(&self) -> Running {
        let config = waypost_worker::Config::from_lookup(&self.lookup());
        let config = config.unwrap_or_else(|error| panic!("{error}"));
        let admin = listener().await;
        let address = admin.local_addr().expect("an address");
        Running::start("worker", address, admin, |admin, stop| async move {
            let ran = waypost_worker::run(
                config,
                Some(admin),
                Health::default(),
                stop.cancelled_owned(),
            )
            .await;
            ran.unwrap_or_else(|error| panic!("the worker failed: {error}"));
        })
    }

    /// Starts an admin plane in this process and waits until it is ready.
    ///
    /// # Panics
    /// When its configuration is refused or it does not become ready.
    pub async fn monitor(&self) -> Running {
        let config = waypost_monitor::Config::from_lookup(&self.lookup());
        let config = config.unwrap_or_else(|error| panic!("{error}"));
        let (plane, admin) = (listener().await, listener().await);
        let address = plane.local_addr().expect("an address");
        let running = Running::start("monitor", address, admin, |admin, stop| async move {
            let listeners = waypost_monitor::Listeners {
                plane,
                admin: Some(admin),
            };
            let health = Health::default();
            let ran = waypost_monitor::run(config, listeners, health, stop.cancelled_owned()).await;
            ran.unwrap_or_else(|error| panic!("the monitor failed: {error}"));
        });
        running.ready().await;
        running
    }

    /// Starts an admin plane as a process and waits until it is ready.
    ///
    /// # Panics
    /// When it cannot be built or started, or does not become ready.
    pub async fn monitor_process(&self) -> Spawned {
        self.spawn("waypost-monitor").await
    }

    /// Starts an ingress as a process and waits until it is ready.
    ///
    /// # Panics
    /// When it cannot be built or started, or does not become ready.
    pub async fn ingress_process(&self) -> Spawned {
        self.spawn("waypost-ingress").await
    }

    /// Starts a worker as a process and waits until it is ready.
    ///
    /// # Panics
    /// When it cannot be built or started, or does not become ready.
    pub async fn worker_process(&self) -> Spawned {
        self.spawn("waypost-worker").await
    }

    /// Starts a dispatcher as a process and waits until it is ready.
    ///
    /// # Panics
    /// When it cannot be built or started, or does not become ready.
    pub async fn dispatcher_process(&self) -> Spawned {
        self.spawn("waypost-dispatcher").await
    }

    async fn spawn(&self, name: &str) -> Spawned {
        // A port that was free a moment ago may be another test's by now; then there are others.
        for _ in 0..3 {
            let address =
                SocketAddr::from((Ipv4Addr::LOCALHOST, free_port().expect("a free port")));
            let admin = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port().expect("a free port")));
            let send = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port().expect("a free port")));
            let mut values = self.clone().with("admin.listen", admin.to_string());
            if name == "waypost-ingress" {
                values = values
                    .with("ingress.listen", address.to_string())
                    .with("send.listen", send.to_string());
            }
            if name == "waypost-monitor" {
                values = values.with("monitor.listen", address.to_string());
            }
            let environment = values.environment();
            let environment: Vec<_> = environment
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            let mut process = Process::spawn(name, &[], &environment);
            if process.try_ready(admin).await.is_ok() {
                return Spawned {
                    process,
                    address,
                    send,
                };
            }
            assert!(
                process.log().contains("cannot listen"),
                "{name} ended:\n{}",
                process.log()
            );
        }
        panic!("no port was free for {name}, three times");
    }

    /// The settings for whoever starts a service by himself.
    pub fn lookup(&self) -> MapLookup {
        self.values
            .iter()
            .map(|(path, value)| (path.clone(), value.clone()))
            .collect()
    }

    /// The settings as environment variables.
    pub fn environment(&self) -> Vec<(String, String)> {
        let name = |path: &str| format!("WAYPOST_{}", path.replace('.', "_").to_uppercase());
        self.values
            .iter()
            .map(|(path, value)| (name(path), value.clone()))
            .collect()
    }
}

impl Running {
    fn start<F>(
        name: &'static str,
        address: SocketAddr,
        admin: TcpListener,
        run: impl FnOnce(TcpListener, CancellationToken) -> F,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let stop = CancellationToken::new();
        let at = admin.local_addr().expect("an address");
        let task = tokio::spawn(run(admin, stop.clone()));
        Self {
            name,
            address,
            admin: at,
            stop,
            task,
        }
    }

    /// Where it listens: the ingress for webhooks.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A client of this ingress that signs with [`APP_SECRET`].
    pub fn client(&self) -> Client {
        Client::new(self.address, APP_SECRET)
    }

    /// Waits until it is ready.
    ///
    /// # Panics
    /// When it ends first, or is not ready in time.
    pub async fn ready(&self) {
        let what = format!("the {} is ready", self.name);
        eventually(PATIENCE, &what, async || {
            assert!(
                !self.task.is_finished(),
                "the {} ended before it was ready",
                self.name
            );
            self.is_ready().await
        })
        .await;
    }

    /// Whether `/readyz` says so now.
    pub async fn is_ready(&self) -> bool {
        matches!(get(self.admin, "/readyz").await, Ok(reply) if reply.status == 200)
    }

    /// Tells it to stop; it drains.
    pub fn begin_stop(&self) {
        self.stop.cancel();
    }

    /// Tells it to stop and waits until it has drained.
    ///
    /// # Panics
    /// When it failed, or does not end in time.
    pub async fn stop(mut self) {
        self.stop.cancel();
        let ended = tokio::time::timeout(PATIENCE, &mut self.task).await;
        let ended =
            ended.unwrap_or_else(|_| panic!("the {} did not end within {PATIENCE:?}", self.name));
        ended.unwrap_or_else(|error| panic!("the {} failed: {error}", self.name));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
        self.task.abort();
    }
}

impl Spawned {
    /// Where it listens: the ingress for webhooks.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A client of this ingress that signs with [`APP_SECRET`].
    pub fn client(&self) -> Client {
        Client::new(self.address, APP_SECRET)
    }

    /// Where it listens for the send API, where that is switched on.
    pub fn send_address(&self) -> SocketAddr {
        self.send
    }

    /// A client of this ingress's send API, where that is switched on.
    pub fn sender(&self) -> Client {
        Client::new(self.send, APP_SECRET)
    }

    /// Kills it (SIGKILL), as a crash would.
    ///
    /// # Panics
    /// When it cannot be killed.
    pub async fn kill9(&mut self) {
        self.process.kill9().await;
    }

    /// Asks it to end (SIGTERM) and waits for that; it must drain and end well.
    ///
    /// # Panics
    /// When it does not end in time, or with an error.
    pub async fn stop(mut self) {
        self.process.sigterm();
        let status = self.process.wait().await;
        assert!(status.success(), "it ended with {status}");
    }
}

async fn listener() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .expect("a free port")
}
