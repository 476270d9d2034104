//! One batch, from reservation to settlement.

use waypost_queue::{Batch, Consumer};

use crate::context::Context;
use crate::dedupe::dedupe;
use crate::echo::Echoes;
use crate::numbers::{learn, upgrade};
use crate::parse::parse;
use crate::persist::{Fate, persist};
use crate::publish::publish;
use crate::settle::settle;

/// Handles a batch. Whatever happens to this process meanwhile, the batch is either settled or handed on.
pub(crate) async fn work(context: &Context, consumer: &Consumer, batch: Batch) {
    let mut parsed = parse(&batch, &context.settings);
    dedupe(context, &mut parsed).await;
    let mut echoes = Echoes::of(&parsed);
    // If Redis is away now, it may be back when the batch is stored.
    echoes.tell(context).await;
    let fates = persist(context, &parsed, &mut echoes).await;
    if !context.stopping.is_cancelled() {
        learn(context, &parsed).await;
    }
    if !echoes.tell_at_last(context).await
        || !upgrade(context, &parsed, &fates).await
        || !publish(context, &parsed, &fates).await
    {
        // Only when stopping: whoever gets the batch next publishes what this one could not.
        return;
    }
    let mut bad = std::mem::take(&mut parsed.bad);
    let mut open = 0;
    for (item, fate) in parsed.items.iter().zip(fates) {
        match fate {
            Fate::Bad(why) => bad.push(item.fail("rejected", why)),
            Fate::Open => open += 1,
            Fate::New { .. } | Fate::Known { .. } | Fate::Dropped => {}
        }
    }
    if open > 0 {
        // Only when stopping: the rest of the batch is done and recognised when another worker gets it.
        tracing::info!(
            open,
            "stopping with items not stored; the batch goes to another worker"
        );
        return;
    }
    let newer = std::mem::take(&mut parsed.newer);
    drop(parsed);
    settle(context, consumer, &batch, bad, newer).await;
}
