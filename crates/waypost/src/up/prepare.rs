//! What is decided before a service starts: ports, what nobody has configured, and each service's configuration.

use tokio::net::TcpListener;
use waypost_queue::RedisSettings;
use waypost_settings::{ExposeSecret, Layered};
use waypost_store::StoreSettings;

use super::addresses::Addresses;
use super::children::Children;
use super::given::given;
use super::options::{Options, Source};
use super::sending::Sending;
use super::services::{bind, reachable};
use super::{plane, realtime};
use crate::overlay::Overlay;

/// The ports that others reach.
pub(super) struct Ports {
    pub(super) webhook: TcpListener,
    pub(super) send: TcpListener,
    pub(super) events: realtime::Sockets,
    pub(super) plane: TcpListener,
}

impl Ports {
    pub(super) async fn bind(options: &Options) -> anyhow::Result<Self> {
        Ok(Self {
            webhook: bind(options.listen, "ingress.listen, --listen").await?,
            send: bind(options.send_listen, "send.listen, --send-listen").await?,
            events: realtime::Sockets::bind(options).await?,
            plane: bind(options.plane_listen, "monitor.listen, --admin-listen").await?,
        })
    }
}

/// Everything but the services, of which none runs yet.
pub(super) struct Prepared {
    pub(super) configs: Configs,
    pub(super) addresses: Addresses,
    pub(super) sending: Sending,
    pub(super) keys: Keys,
}

/// One of each service.
pub(super) struct Configs {
    pub(super) ingress: waypost_ingress::Config,
    pub(super) worker: waypost_worker::Config,
    pub(super) dispatcher: waypost_dispatcher::Config,
    pub(super) monitor: waypost_monitor::Config,
    pub(super) realtime: waypost_realtime::Config,
    pub(super) store: StoreSettings,
}

/// What lets somebody in, and was made for this run.
pub(super) struct Keys {
    plane: plane::Token,
    realtime: realtime::Access,
}

impl Prepared {
    pub(super) async fn make(
        options: &Options,
        children: &Children,
        below: &Layered,
        ports: &Ports,
    ) -> anyhow::Result<Self> {
        let mut lookup = overlay(options, children, below);
        let webhook_url = webhook_url(&lookup, ports)?;
        let sending = Sending::start(options, &mut lookup, &webhook_url).await?;
        let keys = Keys {
            plane: plane::Token::make(options, &mut lookup)?,
            realtime: realtime::Access::make(options, &mut lookup, &ports.events)?,
        };
        let monitor = waypost_monitor::Config::from_lookup(&lookup)?;
        let (admin_url, admin_grpc) = plane::addresses(&monitor, ports.plane.local_addr()?);
        realtime::admit_pages(options, &mut lookup, &admin_url);
        let configs = Configs {
            ingress: waypost_ingress::Config::from_lookup(&lookup)?,
            worker: waypost_worker::Config::from_lookup(&lookup)?,
            dispatcher: waypost_dispatcher::Config::from_lookup(&lookup)?,
            monitor,
            realtime: waypost_realtime::Config::from_lookup(&lookup)?,
            store: StoreSettings::from_lookup(&lookup)?,
        };
        let addresses = Addresses {
            webhook_url,
            send_url: format!("http://{}", reachable(ports.send.local_addr()?)),
            graph_url: configs.dispatcher.graph.url.clone(),
            send_key: sending.key.clone(),
            realtime_url: keys.realtime.url.clone(),
            realtime_tokens_url: keys.realtime.tokens_url.clone(),
            realtime_key: keys.realtime.key.clone(),
            redis_url: RedisSettings::from_lookup(&lookup)?
                .url
                .expose_secret()
                .to_owned(),
            database_url: given(&lookup, "postgres.url", true)?.unwrap_or_default(),
            admin_urls: Vec::new(),
            admin_url,
            admin_grpc,
            admin_token: keys.plane.token.clone(),
        };
        Ok(Self {
            configs,
            addresses,
            sending,
            keys,
        })
    }
}

fn webhook_url(lookup: &Overlay<'_>, ports: &Ports) -> anyhow::Result<String> {
    let scheme = match waypost_ingress::Config::from_lookup(lookup)?.tls {
        Some(_) => "https",
        None => "http",
    };
    let address = reachable(ports.webhook.local_addr()?);
    Ok(format!("{scheme}://{address}/webhook"))
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
