//! What must be confirmed before it is thrown away: a plan, signed, good for a minute.
//!
//! The token carries the plan, so nothing has to be kept, and any replica can check what another has signed: they share a secret
//! in Redis. It says what was planned and until when things may have come in to be part of it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use tonic::Status;
use waypost_queue::AdminCorner;

use crate::fault;

/// How long a plan may be carried out.
const GOOD_FOR: Duration = Duration::from_secs(60);

/// Signs plans and reads them back.
pub(crate) struct Confirm {
    corner: AdminCorner,
}

/// A plan as it was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Plan<T> {
    /// What it is about: method and scope. A token is good for that alone.
    pub(crate) what: String,
    /// Who made it.
    pub(crate) by: String,
    /// What came in later is no part of it, in ms since 1970.
    pub(crate) until_ms: u64,
    /// What would go.
    pub(crate) would: T,
}

impl<T> Plan<T> {
    /// Until when things may have come in to be part of it.
    pub(crate) fn until(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(self.until_ms)
    }

    /// When it can be carried out no more.
    pub(crate) fn expires_at(&self) -> SystemTime {
        self.until() + GOOD_FOR
    }
}

impl Confirm {
    pub(crate) fn new(corner: AdminCorner) -> Self {
        Self { corner }
    }

    /// The time by Redis' clock: what a plan takes in or leaves out is stamped by that.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub(crate) async fn now(&self) -> Result<SystemTime, Status> {
        let now = self.corner.now().await;
        now.map_err(|error| fault::redis(&error))
    }

    /// A plan of now.
    ///
    /// # Errors
    /// When Redis cannot be asked for the time.
    pub(crate) async fn plan<T>(
        &self,
        what: String,
        by: &str,
        would: T,
    ) -> Result<Plan<T>, Status> {
        Ok(Plan {
            what,
            by: by.to_owned(),
            until_ms: millis(self.now().await?),
            would,
        })
    }

    /// The token of a plan.
    ///
    /// # Errors
    /// When Redis cannot be asked for the secret.
    pub(crate) async fn sign<T: Serialize>(&self, plan: &Plan<T>) -> Result<String, Status> {
        let text = serde_json::to_vec(plan).unwrap_or_default();
        let mac = self.mac(&text).await?.finalize().into_bytes();
        let (text, mac) = (
            BASE64_URL_SAFE_NO_PAD.encode(text),
            BASE64_URL_SAFE_NO_PAD.encode(mac),
        );
        Ok(format!("{text}.{mac}"))
    }

    /// The plan of a token.
    ///
    /// # Errors
    /// When it is not ours, is about something else or somebody else's, or its minute is over.
    pub(crate) async fn read<T: DeserializeOwned>(
        &self,
        token: &str,
        what: &str,
        by: &str,
    ) -> Result<Plan<T>, Status> {
        let refused = |text: &str| {
            Err(fault::precondition(
                "CONFIRMATION_REFUSED",
                &format!("the confirmation token {text}"),
            ))
        };
        let Some((text, mac)) = token.split_once('.') else {
            return refused("is none that was given out here");
        };
        let decode = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part);
        let (Ok(text), Ok(mac)) = (decode(text), decode(mac)) else {
            return refused("is none that was given out here");
        };
        if self.mac(&text).await?.verify_slice(&mac).is_err() {
            return refused("is none that was given out here");
        }
        let Ok(plan) = serde_json::from_slice::<Plan<T>>(&text) else {
            return refused("is one for another method");
        };
        if plan.what != what || plan.by != by {
            return refused("was given out for another call: make a plan of this one");
        }
        if self.now().await? > plan.expires_at() {
            return refused("is too old: make the plan again");
        }
        Ok(plan)
    }

    /// Asked for each time: should Redis have lost it, all replicas go on with the next one.
    async fn mac(&self, text: &[u8]) -> Result<Hmac<Sha256>, Status> {
        let proposed: [[u8; 16]; 2] = std::array::from_fn(|_| *uuid::Uuid::new_v4().as_bytes());
        let secret = self.corner.secret(proposed.as_flattened()).await;
        let secret = secret.map_err(|error| fault::redis(&error))?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&secret)
            .map_err(|_| Status::internal("the secret for confirmations is unusable"))?;
        mac.update(text);
        Ok(mac)
    }
}

fn millis(at: SystemTime) -> u64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
