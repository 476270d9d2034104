//! Tells Redis what the file of numbers says, at the start and whenever it changes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use waypost_queue::{NumberConfig, QueueError};
use waypost_settings::{ExposeSecret, NumbersFile, SecretString, Watched};

use crate::context::Context;

/// Pause between tries while Redis is away.
const PAUSE: Duration = Duration::from_secs(1);

/// Runs until the process stops.
pub(crate) async fn configure(context: Arc<Context>, mut numbers: Watched) {
    let mut current = numbers.current();
    loop {
        match tell(&context, &current).await {
            Ok(0) => {}
            Ok(changed) => tracing::info!(changed, "numbers configured"),
            Err(error) => {
                tracing::warn!("numbers are not configured yet: {error}");
                tokio::select! {
                    () = tokio::time::sleep(PAUSE) => continue,
                    () = context.stopping.cancelled() => return,
                }
            }
        }
        tokio::select! {
            changed = numbers.changed() => current = changed,
            () = context.stopping.cancelled() => return,
        }
    }
}

/// Those of the file, and those that Redis knows: they may have been stopped under another common token.
async fn tell(context: &Context, file: &NumbersFile) -> Result<u64, QueueError> {
    let common = context.graph.api_token.as_ref();
    let mut configs: BTreeMap<String, NumberConfig> = context
        .outbox
        .numbers()
        .await?
        .into_iter()
        .map(|number| {
            let config = NumberConfig {
                phone_number_id: number.phone_number_id.clone(),
                account: None,
                limit: None,
                token_fingerprint: fingerprint(common),
            };
            (number.phone_number_id, config)
        })
        .collect();
    for (id, number) in file.iter() {
        let config = NumberConfig {
            phone_number_id: id.to_owned(),
            account: number.account.clone(),
            limit: number.limit,
            token_fingerprint: fingerprint(number.token.as_ref().or(common)),
        };
        configs.insert(id.to_owned(), config);
    }
    let configs: Vec<NumberConfig> = configs.into_values().collect();
    context.outbox.configure(&configs).await
}

/// Tells tokens apart and tells nothing else of them.
pub(crate) fn fingerprint(token: Option<&SecretString>) -> String {
    token.map_or_else(
        || "none".to_owned(),
        |token| fingerprint_of(token.expose_secret().as_bytes()),
    )
}

/// The same for a token that is there.
pub(crate) fn fingerprint_of(token: &[u8]) -> String {
    let digest = Sha256::digest(token);
    digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
