//! What everybody but a dispatcher has to do with the outbox.

use crate::connect::Redis;
use crate::error::QueueError;
use crate::figures::Pause;
use crate::inbox;
use crate::keys::{Keys, LaneKeys};
use crate::outbox::lanes::unexpected;
use crate::outbox::settings::OutboxSettings;
use crate::script;

/// The outbox as a whole, all partitions.
#[derive(Clone)]
pub struct Outbox {
    pub(crate) redis: Redis,
    pub(crate) partitions: u16,
}

/// What the numbers file says of a number.
#[derive(Clone, Debug, PartialEq)]
pub struct NumberConfig {
    /// Meta's id of the number.
    pub phone_number_id: String,
    /// Its WhatsApp Business Account.
    pub account: Option<String>,
    /// Messages a second.
    pub limit: Option<f64>,
    /// Tells one token from another without telling the token. A new one starts a number that was stopped.
    pub token_fingerprint: String,
}

/// Who sets a limit. An operator's stands above Meta's, and that above the file's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitBy {
    /// Somebody, by hand.
    Operator,
    /// Meta, by a webhook.
    Meta,
}

impl Outbox {
    /// The outbox as configured.
    pub fn new(redis: &Redis, settings: &OutboxSettings) -> Self {
        Self {
            redis: redis.clone(),
            partitions: settings.partitions,
        }
    }

    /// Writes what the numbers file says; answers how many numbers that changed.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn configure(&self, numbers: &[NumberConfig]) -> Result<u64, QueueError> {
        let mut changed = 0;
        for number in numbers {
            let limit = number.limit.map(|limit| limit.to_string());
            let arguments = [
                number.account.as_deref().unwrap_or(""),
                limit.as_deref().unwrap_or(""),
                &number.token_fingerprint,
            ];
            let id = &number.phone_number_id;
            changed += u64::from(self.control("configure", id, &arguments).await?);
        }
        Ok(changed)
    }

    /// Sets or takes away a limit, in messages a second. True when that changed anything.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn set_limit(
        &self,
        phone_number_id: &str,
        by: LimitBy,
        limit: Option<f64>,
    ) -> Result<bool, QueueError> {
        let field = match by {
            LimitBy::Operator => "limit_operator",
            LimitBy::Meta => "limit_meta",
        };
        let limit = limit.map_or(String::new(), |limit| limit.to_string());
        self.control("limit", phone_number_id, &[field, &limit])
            .await
    }

    /// Keeps a number from sending until [`Outbox::resume_number`]; what is in flight ends. False when it was paused
    /// already: then that pause stays as it is.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn pause_number(
        &self,
        phone_number_id: &str,
        by: &str,
        reason: &str,
    ) -> Result<bool, QueueError> {
        let note = Pause::note(by, reason);
        self.control("halt", phone_number_id, &["paused", &note])
            .await
    }

    /// Lets a paused number send.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn resume_number(&self, phone_number_id: &str) -> Result<bool, QueueError> {
        self.control("release", phone_number_id, &["paused"]).await
    }

    /// Stops a number as an error of its credential does, but for good: another token does not start it again. False
    /// when somebody had stopped it by hand already: then that stop stays as it is.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn stop_number(
        &self,
        phone_number_id: &str,
        by: &str,
        reason: &str,
    ) -> Result<bool, QueueError> {
        let note = Pause::note(by, reason);
        self.control("halt", phone_number_id, &["stopped", &note])
            .await
    }

    /// Starts a number that was stopped, whatever stopped it.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn start_number(&self, phone_number_id: &str) -> Result<bool, QueueError> {
        self.control("release", phone_number_id, &["stopped"]).await
    }

    /// Keeps all dispatchers from reserving, at once; what is in flight ends. Senders go on. False when the outbox was
    /// paused already: then that pause stays as it is.
    ///
    /// # Errors
    /// When Redis cannot be asked; then some partitions may be paused and some not.
    pub async fn pause(&self, by: &str, reason: &str) -> Result<bool, QueueError> {
        inbox::pause(&self.redis, self.paused(), by, reason).await
    }

    /// Lets dispatchers go on. False when nothing was paused. Numbers that are paused stay so.
    ///
    /// # Errors
    /// When Redis cannot be asked; then some partitions may still be paused.
    pub async fn resume(&self) -> Result<bool, QueueError> {
        inbox::resume(&self.redis, self.paused()).await
    }

    fn paused(&self) -> impl Iterator<Item = String> {
        self.all().map(|keys| keys.key("paused"))
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = LaneKeys> {
        (0..self.partitions).map(|partition| self.redis.keys().lanes(partition))
    }

    pub(crate) fn of(&self, phone_number_id: &str) -> LaneKeys {
        let partition = Keys::partition_of(phone_number_id, self.partitions);
        self.redis.keys().lanes(partition)
    }

    async fn control(
        &self,
        what: &'static str,
        phone_number_id: &str,
        arguments: &[&str],
    ) -> Result<bool, QueueError> {
        if phone_number_id.is_empty() {
            return Err(unexpected("control", "no number was named"));
        }
        let changed: u8 = script::LANES_CONTROL
            .key(self.of(phone_number_id).tag())
            .arg(what)
            .arg(phone_number_id)
            .arg(arguments)
            .invoke_async(&mut self.redis.connection())
            .await?;
        Ok(changed == 1)
    }
}
