//! Tells the outbox what webhooks prove: that Meta has a message of ours.
//!
//! Whoever waits for such an echo, a conversation whose last answer was lost, waits for nothing else. So it is told
//! before the batch is stored, and while Postgres is away too.

use waypost_queue::Echo;
use waypost_whatsapp::UpdateBody;

use crate::context::Context;
use crate::item::{Content, Item};
use crate::parse::Parsed;

/// What is still to be told of a batch.
pub(crate) struct Echoes(Vec<Echo>);

impl Echoes {
    /// Every message of ours that a status of the batch speaks of. Any status will do: Meta has failed ones too.
    pub(crate) fn of(parsed: &Parsed<'_>) -> Self {
        let mut echoes: Vec<Echo> = parsed.items.iter().filter_map(echo).collect();
        echoes.sort_unstable_by_key(|echo| echo.id);
        echoes.dedup_by_key(|echo| echo.id);
        Self(echoes)
    }

    /// Tries once.
    pub(crate) async fn tell(&mut self, context: &Context) -> bool {
        if self.0.is_empty() {
            return true;
        }
        match context.outbox.echo(&self.0).await {
            Ok(settled) => {
                if settled > 0 {
                    tracing::info!(settled, "settled by their echo");
                }
                self.0.clear();
                true
            }
            Err(error) => {
                tracing::warn!(echoes = self.0.len(), "echoes wait for Redis: {error}");
                context.redis.fail(error.to_string());
                false
            }
        }
    }

    /// Tries until it worked; false when the process stops before. The batch is not settled then, and whoever gets it
    /// tells the outbox.
    pub(crate) async fn tell_at_last(&mut self, context: &Context) -> bool {
        while !self.tell(context).await {
            if !context.rest().await {
                return false;
            }
        }
        true
    }
}

fn echo(item: &Item<'_>) -> Option<Echo> {
    let Content::Update(update) = &item.content else {
        return None;
    };
    let UpdateBody::Status(status) = &update.body else {
        return None;
    };
    Some(Echo {
        id: status.our_id()?,
        phone_number_id: update.metadata.phone_number_id.to_string(),
    })
}
