//! The realtime service of a run: what it needs and nobody has configured, and the service.

use std::net::{IpAddr, SocketAddr};

use tokio::net::TcpListener;
use waypost_realtime::{Config, Listeners, new_key};
use waypost_runtime::Health;
use waypost_settings::ExposeSecret;

use super::options::Options;
use super::sending::KeyFile;
use super::services::{Service, bind, reachable};
use crate::overlay::Overlay;

/// Name of the key that is made for a run.
const KEY_NAME: &str = "waypost-up";

/// Its ports.
pub(super) struct Sockets {
    public: TcpListener,
    tokens: TcpListener,
}

impl Sockets {
    pub(super) async fn bind(options: &Options) -> anyhow::Result<Self> {
        let Options { realtime, .. } = options;
        Ok(Self {
            public: bind(realtime.listen, "realtime.listen, --realtime-listen").await?,
            tokens: bind(
                realtime.tokens_listen,
                "realtime.tokens_listen, --realtime-tokens-listen",
            )
            .await?,
        })
    }
}

/// Where it is, and what lets somebody in.
pub(super) struct Access {
    pub(super) url: String,
    pub(super) tokens_url: String,
    /// The key that was made.
    pub(super) key: Option<String>,
    /// Read again and again.
    _file: Option<KeyFile>,
}

impl Access {
    /// Makes what is missing and tells the configuration, that of the admin plane too: it signs with the same secret, and
    /// tells browsers our address.
    pub(super) fn make(
        options: &Options,
        lookup: &mut Overlay<'_>,
        sockets: &Sockets,
    ) -> anyhow::Result<Self> {
        let Options { realtime, .. } = options;
        let url = url(sockets.public.local_addr()?);
        if let Some(secret) = &realtime.secret {
            lookup.set("realtime.secrets", secret, "a secret made for this run");
        }
        if realtime.tell_address {
            lookup.set("monitor.realtime_url", &url, "--realtime-listen");
        }
        let mut access = Self {
            url,
            tokens_url: self::url(sockets.tokens.local_addr()?),
            key: None,
            _file: None,
        };
        if realtime.make_key {
            let made = new_key(KEY_NAME, &["*"])?;
            let file = KeyFile::write("realtime-keys.toml", &made.table)?;
            lookup.set("realtime.keys_file", &file.path, "a key made for this run");
            access.key = Some(made.key.expose_secret().to_owned());
            access._file = Some(file);
        }
        Ok(access)
    }
}

/// Lets the pages of the admin plane connect, whichever of its names a browser was given.
pub(super) fn admit_pages(options: &Options, lookup: &mut Overlay<'_>, plane_url: &str) {
    if !options.realtime.admit_pages {
        return;
    }
    let mut origins = plane_url.to_owned();
    let loopback = plane_url.replace("127.0.0.1", "localhost");
    if loopback != origins {
        origins = format!("{origins},{loopback}");
    }
    lookup.set("realtime.origins", origins, "the admin plane of this run");
}

/// The address for a browser. A page's security policy can name no address of IPv6, so that of this machine goes by its name.
fn url(address: SocketAddr) -> String {
    let address = reachable(address);
    match address.ip() {
        IpAddr::V6(ip) if ip.is_loopback() => format!("http://localhost:{}", address.port()),
        _ => format!("http://{address}"),
    }
}

/// Starts the service.
pub(super) async fn start(config: Config, sockets: Sockets) -> anyhow::Result<Service> {
    Service::start("realtime service", None, |admin, stop| async move {
        let listeners = Listeners {
            public: sockets.public,
            tokens: Some(sockets.tokens),
            admin: Some(admin),
        };
        let (health, stop) = (Health::default(), stop.cancelled_owned());
        Ok(waypost_realtime::run(config, listeners, health, stop).await?)
    })
    .await
}
