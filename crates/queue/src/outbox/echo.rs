//! Messages that Meta has, whatever we know of their attempts.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::error::QueueError;
use crate::keys::Keys;
use crate::outbox::control::Outbox;
use crate::outbox::fact::Fact;
use crate::script;

/// A status that echoes one of our ids: Meta has that message.
#[derive(Clone, PartialEq, Eq)]
pub struct Echo {
    /// Our id.
    pub id: Uuid,
    /// The business number that sent it.
    pub phone_number_id: String,
}

impl Outbox {
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
                    call.arg(&echo.id.as_bytes()[..]).arg(&echo.phone_number_id);
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
}
