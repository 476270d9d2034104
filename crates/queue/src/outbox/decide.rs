//! What somebody decides about a message whose outcome is unknown.

use std::time::SystemTime;

use bytes::Bytes;
use prost::Message;
use uuid::Uuid;
use waypost_model::{DeadClass, SendState};

use crate::envelope::millis;
use crate::error::QueueError;
use crate::outbox::control::Outbox;
use crate::outbox::fact::Fact;
use crate::outbox::lanes::HEAD;
use crate::outbox::progress::Progress;
use crate::{script, wire};

/// Why, in words.
const GIVEN_UP: &str = "nobody knows whether Meta took it, and somebody has given it up";

impl Outbox {
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

    /// Gives up a message whose outcome is unknown, at once and whatever its policy is: it becomes a dead letter of
    /// class `unknown`, which an echo still raises. False when it is not (any more) parked.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn give_up(&self, phone_number_id: &str, id: Uuid) -> Result<bool, QueueError> {
        let keys = self.of(phone_number_id);
        loop {
            let parked: Vec<Vec<u8>> = script::LANES_PARKED
                .key(keys.tag())
                .arg(&id.as_bytes()[..])
                .invoke_async(&mut self.redis.connection())
                .await?;
            let [lane, element, read] = <[Vec<u8>; 3]>::try_from(parked).unwrap_or_default();
            if element.len() < HEAD {
                return Ok(false);
            }
            let progress = Progress::decode(&read).unwrap_or_default();
            let letter = letter(Bytes::from(element).slice(HEAD..), &progress);
            let fact = given_up(id, phone_number_id, &progress);
            let code: u8 = script::LANES_GIVE_UP
                .key(keys.tag())
                .arg(&id.as_bytes()[..])
                .arg(lane)
                .arg(read)
                .arg(letter)
                .arg(fact.into_envelope().encode(usize::MAX))
                .invoke_async(&mut self.redis.connection())
                .await?;
            // Its policy has made progress meanwhile, and it is parked again.
            if code != 2 {
                return Ok(code == 1);
            }
        }
    }
}

fn letter(entry: Bytes, progress: &Progress) -> Vec<u8> {
    let letter = wire::DeadOutgoing {
        entry,
        progress: Some(progress.to_wire()),
        class: DeadClass::Unknown.as_str().to_owned(),
        buried_at_ms: millis(SystemTime::now()),
        reason: GIVEN_UP.to_owned(),
    };
    letter.encode_to_vec()
}

fn given_up(id: Uuid, phone_number_id: &str, progress: &Progress) -> Fact {
    let mut fact = Fact::change(id, phone_number_id, SendState::Dead);
    (fact.life, fact.attempt) = (progress.life, progress.made);
    fact.class = Some(DeadClass::Unknown);
    fact.error_message = Some(GIVEN_UP.to_owned());
    fact
}
