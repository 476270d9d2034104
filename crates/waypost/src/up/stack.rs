//! The order of start and stop.

use std::net::SocketAddr;

use anyhow::Context;
use tokio::net::TcpListener;
use waypost_ingress::Listeners;
use waypost_queue::RedisSettings;
use waypost_runtime::Health;
use waypost_sandbox::Graph;
use waypost_settings::{ExposeSecret, Layered, Lookup};
use waypost_store::{Store, StoreSettings};

use super::children::Children;
use super::options::{Options, Source};
use super::plane;
use super::sending::Sending;
use super::services::{Service, bind, reachable};
use crate::overlay::Overlay;
use crate::settings;

/// Where everything is.
#[derive(Clone, Debug)]
pub(crate) struct Addresses {
    pub(crate) webhook_url: String,
    /// Of the send API, without a path.
    pub(crate) send_url: String,
    /// Of the Graph API that messages go to.
    pub(crate) graph_url: String,
    /// Made for this run.
    pub(crate) send_key: Option<String>,
    /// With the password.
    pub(crate) redis_url: String,
    /// With the password.
    pub(crate) database_url: String,
    /// One per service.
    pub(crate) admin_urls: Vec<String>,
    /// Of the admin plane and the dashboard, without a path.
    pub(crate) admin_url: String,
    /// The same for gRPC: host and port.
    pub(crate) admin_grpc: String,
    /// Made for this run.
    pub(crate) admin_token: Option<String>,
}

/// All that runs.
pub(crate) struct Stack {
    addresses: Addresses,
    ingress: Service,
    dispatcher: Service,
    worker: Service,
    monitor: Service,
    /// Its file is read again and again.
    _token: plane::Token,
    /// The fake Meta; before the services, it would refuse what is still in flight.
    sending: Sending,
    /// Last: they outlive the services that need them.
    children: Children,
}

impl Stack {
    /// Starts everything and returns when all is ready.
    pub(crate) async fn start(options: &Options, below: &Layered) -> anyhow::Result<Self> {
        // Before the servers, which take a second: a port that is taken is said at once.
        let webhook = bind(options.listen, "ingress.listen, --listen").await?;
        let send = bind(options.send_listen, "send.listen, --send-listen").await?;
        let admin_plane = bind(options.plane_listen, "monitor.listen, --admin-listen").await?;
        let children = Children::start(options).await?;
        let mut lookup = overlay(options, &children, below);
        let ingress = waypost_ingress::Config::from_lookup(&lookup)?;
        let scheme = if ingress.tls.is_some() {
            "https"
        } else {
            "http"
        };
        let webhook_url = format!("{scheme}://{}/webhook", reachable(webhook.local_addr()?));
        let sending = Sending::start(options, &mut lookup, &webhook_url).await?;
        let token = plane::Token::make(options, &mut lookup)?;
        let ingress = waypost_ingress::Config::from_lookup(&lookup)?;
        let monitor = waypost_monitor::Config::from_lookup(&lookup)?;
        let (admin_url, admin_grpc) = plane::addresses(&monitor, admin_plane.local_addr()?);
        let worker = waypost_worker::Config::from_lookup(&lookup)?;
        let dispatcher = waypost_dispatcher::Config::from_lookup(&lookup)?;
        let mut addresses = Addresses {
            webhook_url,
            send_url: format!("http://{}", reachable(send.local_addr()?)),
            graph_url: dispatcher.graph.url.clone(),
            send_key: sending.key.clone(),
            redis_url: RedisSettings::from_lookup(&lookup)?
                .url
                .expose_secret()
                .to_owned(),
            database_url: settings::given(&lookup, "postgres.url", true)?.unwrap_or_default(),
            admin_urls: Vec::new(),
            admin_url,
            admin_grpc,
            admin_token: token.token.clone(),
        };
        migrate(&lookup).await?;

        let mut worker = start_worker(worker).await?;
        let mut dispatcher = start_dispatcher(dispatcher).await?;
        let mut ingress = start_ingress(ingress, options.admin, webhook, send).await?;
        let mut monitor = plane::start(monitor, admin_plane).await?;
        dispatcher.ready().await?;
        worker.ready().await?;
        monitor.ready().await?;
        ingress.ready().await?;
        addresses.admin_urls = vec![
            ingress.admin_url(),
            worker.admin_url(),
            dispatcher.admin_url(),
            monitor.admin_url(),
        ];
        Ok(Self {
            addresses,
            ingress,
            dispatcher,
            worker,
            monitor,
            _token: token,
            sending,
            children,
        })
    }

    /// The fake Meta, if there is one.
    pub(crate) fn graph(&self) -> Option<&Graph> {
        self.sending.graph.as_ref()
    }

    pub(crate) fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Waits until a service ends by itself; then the rest has to end too.
    pub(crate) async fn failed(&mut self) -> anyhow::Error {
        tokio::select! {
            error = self.ingress.ended() => error,
            error = self.dispatcher.ended() => error,
            error = self.worker.ended() => error,
            error = self.monitor.ended() => error,
        }
    }

    /// Ends everything, in the order in which data flows, so that what was accepted is still worked off.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        let ingress = self.ingress.stop().await;
        let dispatcher = self.dispatcher.stop().await;
        let worker = self.worker.stop().await;
        // Last of the services: it can be asked while the others drain.
        let monitor = self.monitor.stop().await;
        self.sending.stop().await;
        self.children.stop().await;
        ingress.and(dispatcher).and(worker).and(monitor)
    }
}

async fn start_worker(config: waypost_worker::Config) -> anyhow::Result<Service> {
    Service::start("worker", None, |admin, stop| async move {
        let (health, stop) = (Health::default(), stop.cancelled_owned());
        Ok(waypost_worker::run(config, Some(admin), health, stop).await?)
    })
    .await
}

async fn start_dispatcher(config: waypost_dispatcher::Config) -> anyhow::Result<Service> {
    Service::start("dispatcher", None, |admin, stop| async move {
        let (health, stop) = (Health::default(), stop.cancelled_owned());
        Ok(waypost_dispatcher::run(config, Some(admin), health, stop).await?)
    })
    .await
}

async fn start_ingress(
    config: waypost_ingress::Config,
    admin: Option<SocketAddr>,
    webhook: TcpListener,
    send: TcpListener,
) -> anyhow::Result<Service> {
    Service::start("ingress", admin, |admin, stop| async move {
        let listeners = Listeners {
            webhook,
            send: Some(send),
            admin: Some(admin),
        };
        Ok(waypost_ingress::run(config, listeners, stop.cancelled_owned()).await?)
    })
    .await
}

fn overlay<'a>(options: &Options, children: &Children, below: &'a Layered) -> Overlay<'a> {
    let mut lookup = Overlay::over(below);
    let flag = |source: &Source| match source {
        Source::Flag(url) => Some(url.clone()),
        Source::Own | Source::Configured => None,
    };
    if let Some(url) = children.redis_url.clone().or_else(|| flag(&options.redis)) {
        lookup.set("redis.url", url, "--redis-url");
    }
    if let Some(url) = children
        .database_url
        .clone()
        .or_else(|| flag(&options.postgres))
    {
        lookup.set("postgres.url", url, "--database-url");
    }
    if let Some(secret) = &options.app_secret {
        lookup.set(
            "whatsapp.app_secrets",
            secret,
            "a secret made up for this run",
        );
    }
    if let Some(token) = &options.verify_token {
        lookup.set(
            "whatsapp.verify_tokens",
            token,
            "a token made up for this run",
        );
    }
    lookup
}

async fn migrate(lookup: &dyn Lookup) -> anyhow::Result<()> {
    let store = Store::connect(&StoreSettings::from_lookup(lookup)?).await?;
    let applied = store
        .migrate()
        .await
        .context("the database was not migrated")?;
    if !applied.is_empty() {
        tracing::info!(
            count = applied.len(),
            "applied the migrations that were missing"
        );
    }
    Ok(())
}
