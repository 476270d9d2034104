//! Connections to Redis.

use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig, MultiplexedConnection};
use redis::io::tcp::TcpSettings;
use redis::{AsyncConnectionConfig, Client, IntoConnectionInfo};
use secrecy::ExposeSecret;

use crate::error::QueueError;
use crate::keys::Keys;
use crate::settings::RedisSettings;

/// A Redis that heals: cheap to clone, and connected again by itself after an outage.
///
/// All ordinary commands share one multiplexed connection; each [`crate::Waiter`], whose command blocks, has one of
/// its own.
#[derive(Clone)]
pub struct Redis {
    client: Client,
    shared: ConnectionManager,
    keys: Keys,
    allow_unsafe: bool,
}

impl Redis {
    /// Prepares the connection. It is opened by the first command, so a Redis that is away is no error here;
    /// ask [`Redis::ping`] or [`Redis::check_durability`].
    ///
    /// # Errors
    /// When the address cannot be used.
    pub async fn connect(settings: &RedisSettings) -> Result<Self, QueueError> {
        let info = settings
            .url
            .expose_secret()
            .into_connection_info()
            // The parser's message may quote the address, which may hold a password; its category says enough.
            .map_err(|error| QueueError::Address(error.category().to_owned()))?
            .set_tcp_settings(TcpSettings::default().set_nodelay(true));
        let client = Client::open(info)?;
        let config = ConnectionManagerConfig::new()
            .set_response_timeout(Some(settings.timeout))
            .set_connection_timeout(Some(settings.timeout))
            // A failed reconnect must fail the waiting command soon; the next command tries anew.
            .set_number_of_retries(1)
            .set_min_delay(Duration::from_millis(50))
            .set_max_delay(Duration::from_millis(500))
            .set_pipeline_buffer_size(1024);
        let shared = ConnectionManager::new_lazy_with_config(client.clone(), config)?;
        Ok(Self {
            client,
            shared,
            keys: Keys::new(&settings.prefix),
            allow_unsafe: settings.allow_unsafe,
        })
    }

    /// Asks whether Redis answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), QueueError> {
        Ok(redis::cmd("PING")
            .exec_async(&mut self.connection())
            .await?)
    }

    /// Bytes that Redis has allocated.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn used_memory(&self) -> Result<u64, QueueError> {
        let info: redis::InfoDict = redis::cmd("INFO")
            .arg("memory")
            .query_async(&mut self.connection())
            .await?;
        Ok(info.get("used_memory").unwrap_or(0))
    }

    /// Empties the whole database of Redis: for benchmarks and sandboxes on a Redis of their own.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn erase_everything(&self) -> Result<(), QueueError> {
        Ok(redis::cmd("FLUSHALL")
            .exec_async(&mut self.connection())
            .await?)
    }

    /// Takes a key away: for benchmarks.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn forget(&self, key: &str) -> Result<(), QueueError> {
        Ok(redis::cmd("UNLINK")
            .arg(key)
            .exec_async(&mut self.connection())
            .await?)
    }

    /// A handle on the shared connection.
    pub(crate) fn connection(&self) -> ConnectionManager {
        self.shared.clone()
    }

    /// A connection for blocking commands: nothing else may use it, and it waits as long as they do.
    pub(crate) async fn waiting_connection(&self) -> Result<MultiplexedConnection, QueueError> {
        let config = AsyncConnectionConfig::new().set_response_timeout(None);
        Ok(self
            .client
            .get_multiplexed_async_connection_with_config(&config)
            .await?)
    }

    /// Names of keys.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    pub(crate) const fn allows_unsafe(&self) -> bool {
        self.allow_unsafe
    }
}
