//! Ends turns: all outcomes that wait at one moment go with one script.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use waypost_queue::{Echo, Fact, LaneConsumer, QueueError, Settle};

use crate::context::Context;
use crate::outcome::Outcome;
use crate::{count, spans};

/// Outcomes in one script. It stops Redis for everyone else, so it must be short.
const GROUP: usize = 128;
/// Pause between tries while Redis is away.
const PAUSE: Duration = Duration::from_millis(100);

/// Settles what comes, until nobody can send anything more; then ends the lease.
pub(crate) async fn settle(
    context: Arc<Context>,
    consumer: Arc<LaneConsumer>,
    mut outcomes: mpsc::Receiver<Outcome>,
    beat: JoinHandle<()>,
) {
    let mut group = Vec::with_capacity(GROUP);
    while outcomes.recv_many(&mut group, GROUP).await > 0 {
        for outcome in &mut group {
            // Whoever waits to be settled needs no slot: the next one may go meanwhile.
            outcome.slot = None;
        }
        let codes = end(&context, &consumer, &group).await;
        for (outcome, code) in group.drain(..).zip(codes) {
            settled(outcome, code);
        }
    }
    beat.abort();
    match consumer.leave().await {
        Ok(0) => {}
        Ok(lanes) => tracing::warn!(lanes, "left with messages whose outcome is unknown"),
        Err(error) => tracing::warn!("lease not given back, it will lapse: {error}"),
    }
}

fn settled(mut outcome: Outcome, code: Settle) {
    count::settled(&outcome, code);
    if let Some(span) = outcome.span.take() {
        spans::settled(span, code);
    }
}

/// Settles a group, and goes on trying while Redis is away: nobody else knows of these outcomes. Answers with a code for
/// each, or none when the process ends before Redis is back.
async fn end(context: &Context, consumer: &LaneConsumer, group: &[Outcome]) -> Vec<Settle> {
    let endings: Vec<_> = group.iter().map(Outcome::ending).collect();
    loop {
        match consumer.settle(&endings).await {
            Ok(codes) => {
                context.redis.pass();
                // Of an earlier try whose answer was lost, or because the lease lapsed.
                if codes.contains(&Settle::Fenced) {
                    late_news(context, group, &codes).await;
                }
                return codes;
            }
            Err(error) => {
                if !rest(context, &error).await {
                    return Vec::new();
                }
            }
        }
    }
}

/// Others hold these by now and think that nothing is known of them. Of those that Meta took, we know.
async fn late_news(context: &Context, group: &[Outcome], codes: &[Settle]) {
    let known: Vec<(Echo, Fact)> = group
        .iter()
        .zip(codes)
        .filter(|(outcome, code)| **code == Settle::Fenced && outcome.is_done())
        .filter_map(|(outcome, _)| {
            let echo = Echo {
                id: outcome.turn.id(),
                phone_number_id: outcome.turn.phone_number_id().to_owned(),
            };
            Some((echo, outcome.fact.clone()?))
        })
        .collect();
    if known.is_empty() {
        return;
    }
    while let Err(error) = context.outbox.confirm(&known).await {
        if !rest(context, &error).await {
            return;
        }
    }
}

/// Waits before the next try; false when the process ends meanwhile.
async fn rest(context: &Context, error: &QueueError) -> bool {
    tracing::warn!("outcomes wait for Redis: {error}");
    context.redis.fail(error.to_string());
    tokio::select! {
        () = tokio::time::sleep(PAUSE) => true,
        () = context.stopping.cancelled() => false,
    }
}
