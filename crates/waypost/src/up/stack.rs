//! The order of start and stop.

use std::net::SocketAddr;

use anyhow::Context;
use tokio::net::TcpListener;
use waypost_ingress::Listeners;
use waypost_runtime::Health;
use waypost_sandbox::Graph;
use waypost_settings::Layered;
use waypost_store::{Store, StoreSettings};

use super::addresses::Addresses;
use super::children::Children;
use super::options::Options;
use super::prepare::{Keys, Ports, Prepared};
use super::sending::Sending;
use super::services::Service;
use super::{plane, realtime};

/// All that runs.
pub(crate) struct Stack {
    addresses: Addresses,
    ingress: Service,
    dispatcher: Service,
    worker: Service,
    realtime: Service,
    monitor: Service,
    /// Their files are read again and again.
    _keys: Keys,
    /// The fake Meta; before the services, it would refuse what is still in flight.
    sending: Sending,
    /// Last: they outlive the services that need them.
    children: Children,
}

impl Stack {
    /// Starts everything and returns when all is ready.
    pub(crate) async fn start(options: &Options, below: &Layered) -> anyhow::Result<Self> {
        // Before the servers, which take a second: a port that is taken is said at once.
        let ports = Ports::bind(options).await?;
        let children = Children::start(options).await?;
        let Prepared {
            configs,
            mut addresses,
            sending,
            keys,
        } = Prepared::make(options, &children, below, &ports).await?;
        migrate(&configs.store).await?;

        let Ports {
            webhook,
            send,
            events,
            plane,
        } = ports;
        let mut worker = start_worker(configs.worker).await?;
        let mut dispatcher = start_dispatcher(configs.dispatcher).await?;
        let mut ingress = start_ingress(configs.ingress, options.admin, webhook, send).await?;
        let mut monitor = plane::start(configs.monitor, plane).await?;
        let mut realtime = realtime::start(configs.realtime, events).await?;
        dispatcher.ready().await?;
        worker.ready().await?;
        monitor.ready().await?;
        realtime.ready().await?;
        ingress.ready().await?;
        let services = [&ingress, &worker, &dispatcher, &monitor, &realtime];
        addresses.admin_urls = services.map(Service::admin_url).to_vec();
        Ok(Self {
            addresses,
            ingress,
            dispatcher,
            worker,
            realtime,
            monitor,
            _keys: keys,
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
            error = self.realtime.ended() => error,
            error = self.monitor.ended() => error,
        }
    }

    /// Ends everything, in the order in which data flows, so that what was accepted is still worked off.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        let ingress = self.ingress.stop().await;
        let dispatcher = self.dispatcher.stop().await;
        let worker = self.worker.stop().await;
        // After the last event was published, so that the browsers have heard of it before they are asked to come back.
        let realtime = self.realtime.stop().await;
        // Last of the services: it can be asked while the others drain.
        let monitor = self.monitor.stop().await;
        self.sending.stop().await;
        self.children.stop().await;
        ingress
            .and(dispatcher)
            .and(worker)
            .and(realtime)
            .and(monitor)
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

async fn migrate(settings: &StoreSettings) -> anyhow::Result<()> {
    let store = Store::connect(settings).await?;
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
