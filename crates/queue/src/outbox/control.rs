//! What everybody but a dispatcher has to do with the outbox.

use std::collections::BTreeMap;
use std::time::SystemTime;

use uuid::Uuid;

use crate::connect::Redis;
use crate::envelope::millis;
use crate::error::QueueError;
use crate::keys::{Keys, LaneKeys};
use crate::outbox::fact::Fact;
use crate::outbox::lanes::unexpected;
use crate::outbox::settings::OutboxSettings;
use crate::script;

/// The outbox as a whole, all partitions.
#[derive(Clone)]
pub struct Outbox {
    pub(crate) redis: Redis,
    pub(crate) partitions: u16,
}

/// A status that echoes one of our ids: Meta has that message.
#[derive(Clone, PartialEq, Eq)]
pub struct Echo {
    /// Our id.
    pub id: Uuid,
    /// The business number that sent it.
    pub phone_number_id: String,
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

    /// Settles messages that Meta has: parked ones are done, and one that was given up as unknown is raised from the
    /// dead. Answers how many that were. Telling the same twice changes nothing.
    ///
    /// # Errors
    /// When Redis cannot be asked; then some may be settled and some not.
    pub async fn echo(&self, echoes: &[Echo]) -> Result<u64, QueueError> {
        let echoes: Vec<_> = echoes.iter().map(|echo| (echo, None)).collect();
        self.settle_echoes(&echoes).await
    }

    /// The same for whoever knows it from Meta's own answer and could not settle it: each with the fact of that.
    ///
    /// # Errors
    /// As [`Outbox::echo`].
    pub async fn confirm(&self, known: &[(Echo, Fact)]) -> Result<u64, QueueError> {
        let known: Vec<_> = known
            .iter()
            .map(|(echo, fact)| (echo, Some(fact)))
            .collect();
        self.settle_echoes(&known).await
    }

    async fn settle_echoes(&self, echoes: &[(&Echo, Option<&Fact>)]) -> Result<u64, QueueError> {
        let mut shares: BTreeMap<u16, Vec<&(&Echo, Option<&Fact>)>> = BTreeMap::new();
        for echo in echoes {
            let partition = Keys::partition_of(&echo.0.phone_number_id, self.partitions);
            shares.entry(partition).or_default().push(echo);
        }
        let mut settled = 0;
        for (partition, share) in shares {
            // Bounded, so that a large batch does not stop Redis for everyone else.
            for page in share.chunks(256) {
                let mut call = script::LANES_ECHO.prepare_invoke();
                call.key(self.redis.keys().lanes(partition).tag());
                for (echo, fact) in page {
                    call.arg(&echo.id.as_bytes()[..]);
                    match fact {
                        Some(fact) => call.arg((*fact).clone().into_envelope().encode(usize::MAX)),
                        None => call.arg(""),
                    };
                }
                let codes: Vec<u8> = call.invoke_async(&mut self.redis.connection()).await?;
                settled += codes.iter().filter(|code| **code >= 2).count() as u64;
            }
        }
        Ok(settled)
    }

    /// Sends a message again whose outcome is unknown, at once and whatever its policy is; it may then arrive twice.
    /// False when it is not (any more) parked.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn resend(&self, phone_number_id: &str, id: Uuid) -> Result<bool, QueueError> {
        let done: u8 = script::LANES_RESEND
            .key(self.of(phone_number_id).tag())
            .arg(&id.as_bytes()[..])
            .invoke_async(&mut self.redis.connection())
            .await?;
        Ok(done == 1)
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

    /// Keeps a number from sending until [`Outbox::resume_number`]; what is in flight ends.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn pause_number(&self, phone_number_id: &str, by: &str) -> Result<bool, QueueError> {
        self.control("set", phone_number_id, &["paused", &note(by)])
            .await
    }

    /// Lets a paused number send.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn resume_number(&self, phone_number_id: &str) -> Result<bool, QueueError> {
        self.control("set", phone_number_id, &["paused", ""]).await
    }

    /// Stops a number as an error of its credential does.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn stop_number(
        &self,
        phone_number_id: &str,
        reason: &str,
    ) -> Result<bool, QueueError> {
        self.control("set", phone_number_id, &["stopped", reason])
            .await
    }

    /// Starts a number that was stopped.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn start_number(&self, phone_number_id: &str) -> Result<bool, QueueError> {
        self.control("set", phone_number_id, &["stopped", ""]).await
    }

    /// Keeps all dispatchers from reserving; what is in flight ends. Senders go on.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn pause(&self, by: &str) -> Result<(), QueueError> {
        for keys in self.all() {
            redis::cmd("SET")
                .arg(keys.key("paused"))
                .arg(note(by))
                .exec_async(&mut self.redis.connection())
                .await?;
        }
        Ok(())
    }

    /// Lets dispatchers go on.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn resume(&self) -> Result<(), QueueError> {
        for keys in self.all() {
            redis::cmd("DEL")
                .arg(keys.key("paused"))
                .exec_async(&mut self.redis.connection())
                .await?;
        }
        Ok(())
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

/// Who and when, for whoever asks why nothing is sent.
fn note(by: &str) -> String {
    serde_json::json!({ "by": by, "at_ms": millis(SystemTime::now()) }).to_string()
}
