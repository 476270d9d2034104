//! The admin plane of a run: a token that nobody has configured, and the service.

use std::net::SocketAddr;

use tokio::net::TcpListener;
use waypost_monitor::{Config, Listeners, new_token};
use waypost_rpc::v1::Role;
use waypost_runtime::Health;
use waypost_settings::ExposeSecret;

use super::options::Options;
use super::sending::KeyFile;
use super::services::{Service, reachable};
use crate::overlay::Overlay;

/// Name of the token that is made for a run; the audit shows it.
const TOKEN_NAME: &str = "waypost-up";

/// The token of this run.
pub(super) struct Token {
    pub(super) token: Option<String>,
    _file: Option<KeyFile>,
}

impl Token {
    /// Makes one unless a file of tokens is configured, and tells the configuration.
    pub(super) fn make(options: &Options, lookup: &mut Overlay<'_>) -> anyhow::Result<Self> {
        if !options.make_token {
            return Ok(Self {
                token: None,
                _file: None,
            });
        }
        let made = new_token(TOKEN_NAME, Role::Admin)?;
        let file = KeyFile::write("admin-tokens.toml", &made.table)?;
        lookup.set(
            "monitor.tokens_file",
            &file.path,
            "a token made for this run",
        );
        Ok(Self {
            token: Some(made.key.expose_secret().to_owned()),
            _file: Some(file),
        })
    }
}

/// Where it is: the address for a browser, and host and port for gRPC.
pub(super) fn addresses(config: &Config, address: SocketAddr) -> (String, String) {
    let scheme = if config.monitor.tls.is_some() {
        "https"
    } else {
        "http"
    };
    let address = reachable(address).to_string();
    (format!("{scheme}://{address}"), address)
}

/// Starts the service.
pub(super) async fn start(config: Config, plane: TcpListener) -> anyhow::Result<Service> {
    Service::start("monitor", None, |admin, stop| async move {
        let listeners = Listeners {
            plane,
            admin: Some(admin),
        };
        Ok(
            waypost_monitor::run(config, listeners, Health::default(), stop.cancelled_owned())
                .await?,
        )
    })
    .await
}
