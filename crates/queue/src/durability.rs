//! Refuses a Redis that would lose what it is given.

use std::collections::HashMap;
use std::time::Duration;

use crate::connect::Redis;
use crate::error::QueueError;

/// Oldest major version whose commands are all there (`LMOVE`, `ZRANGE … BYSCORE`, function-era scripting).
const OLDEST_MAJOR: u32 = 7;

/// How often a Redis that does not answer is asked.
const ASK_AGAIN: Duration = Duration::from_millis(500);

impl Redis {
    /// Checks that Redis is new enough, evicts nothing and writes to disk.
    ///
    /// Managed services often forbid `CONFIG`; then what `INFO` tells has to do, and what it does not tell is
    /// taken on trust, with a warning.
    ///
    /// # Errors
    /// [`QueueError::Unsafe`] unless `redis.allow_unsafe` is set, [`QueueError::Version`], or Redis' own.
    pub async fn check_durability(&self) -> Result<(), QueueError> {
        let info = self.info().await?;
        check_version(&info)?;
        // While Redis reads its append-only file it says that it has none.
        if info.get("loading").is_some_and(|v| v == "1") {
            return Err(QueueError::Loading);
        }
        let mut faults = Vec::new();
        if let Some(policy) = info.get("maxmemory_policy").filter(|p| *p != "noeviction") {
            faults.push(format!(
                "it may evict keys when memory is full (maxmemory-policy is {policy}, must be noeviction)"
            ));
        }
        // An append-only file keeps all but the last second; snapshots alone lose minutes, so they do not count.
        if info.get("aof_enabled").is_some_and(|v| v == "0") {
            faults.push("it keeps no append-only file (appendonly is no, must be yes)".to_owned());
        }
        if faults.is_empty() {
            return Ok(());
        }
        let faults = faults.join(" and ");
        if self.allows_unsafe() {
            tracing::warn!(
                "Redis is not safe for a queue, and redis.allow_unsafe says to go on: {faults}"
            );
            return Ok(());
        }
        Err(QueueError::Unsafe(faults))
    }

    /// The same as soon as Redis answers; `away` hears each time why it does not.
    ///
    /// # Errors
    /// As [`Redis::check_durability`], but for what waiting can mend.
    pub async fn until_durable(&self, mut away: impl FnMut(&QueueError)) -> Result<(), QueueError> {
        loop {
            match self.check_durability().await {
                Err(error) if error.is_transient() => {
                    tracing::warn!("waiting for Redis: {error}");
                    away(&error);
                    tokio::time::sleep(ASK_AGAIN).await;
                }
                checked => return checked,
            }
        }
    }

    async fn info(&self) -> Result<HashMap<String, String>, QueueError> {
        let text: String = redis::cmd("INFO")
            .query_async(&mut self.connection())
            .await?;
        Ok(text
            .lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
            .collect())
    }
}

/// Valkey states the version of Redis that it is compatible with under the same name.
fn check_version(info: &HashMap<String, String>) -> Result<(), QueueError> {
    let found = info.get("redis_version").cloned().unwrap_or_default();
    let major: Option<u32> = found.split('.').next().and_then(|word| word.parse().ok());
    match major {
        Some(major) if major < OLDEST_MAJOR => Err(QueueError::Version { found }),
        _ => Ok(()),
    }
}
