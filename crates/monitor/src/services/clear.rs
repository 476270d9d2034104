//! `QueueService.Clear`: plan, confirmation, and the deed.

use serde::{Deserialize, Serialize};
use serde_json::json;
use tonic::Status;
use waypost_queue::QueueError;
use waypost_rpc::v1::{ClearPlan, ClearRequest, ClearResponse, Cleared, Queue};

use super::queue::{scope, target};
use crate::call::Call;
use crate::confirm::Plan;
use crate::convert::time::stamp;
use crate::fault;
use crate::plane::Plane;

const METHOD: &str = "QueueService.Clear";

/// What would go, as the token carries it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Amount {
    webhooks_waiting: u64,
    webhooks_delayed: u64,
    messages: u64,
    facts: u64,
}

pub(super) async fn clear(
    plane: &Plane,
    call: Call<ClearRequest>,
) -> Result<ClearResponse, Status> {
    let (queue, number) = (call.message.queue(), call.message.phone_number_id.clone());
    let queues = match number.is_empty() {
        true => scope(queue, "", false)?,
        false => scope(queue, &number, false).map(|_| vec![Queue::Message])?,
    };
    let what = format!("{METHOD} {}", target(queue, &number));
    if call.message.dry_run || call.message.confirmation_token.is_empty() {
        let told = plan(plane, &call, what, &queues, &number).await?;
        if call.message.dry_run {
            return Ok(ClearResponse {
                dry_run: true,
                cleared: Some(Cleared::default()),
                plan: Some(told),
                difference: String::new(),
            });
        }
        return Err(fault::precondition_with(
            "CONFIRMATION_REQUIRED",
            "this throws away what waits, for good: look at the plan, and call again with its confirmation token within a minute",
            &told,
        ));
    }
    let token = &call.message.confirmation_token;
    let plan: Plan<Amount> = match plane.confirm.read(token, &what, &call.caller.name).await {
        Ok(plan) => plan,
        Err(why) => {
            let target = target(queue, &number);
            let noted = plane.audit.not_confirmed(METHOD, &call, target, &why).await;
            return Err(noted.err().unwrap_or(why));
        }
    };
    let before = json!({ "planned": plan.would });
    let change = plane
        .audit
        .begin(METHOD, &call, target(queue, &number), before)
        .await?;
    let mut cleared = Amount::default();
    let result = carry_out(
        plane,
        &plan,
        &queues,
        &number,
        &call.caller.name,
        &mut cleared,
    )
    .await;
    let result = result.map_err(|error| fault::redis(&error));
    change.end_at(result, json!({ "cleared": cleared })).await?;
    Ok(ClearResponse {
        dry_run: false,
        difference: difference(&plan.would, &cleared),
        cleared: Some(cleared.into()),
        plan: Some(ClearPlan {
            confirmation_token: String::new(),
            expires_at: Some(stamp(plan.expires_at())),
            would_clear: Some(plan.would.into()),
        }),
    })
}

async fn plan(
    plane: &Plane,
    call: &Call<ClearRequest>,
    what: String,
    queues: &[Queue],
    number: &str,
) -> Result<ClearPlan, Status> {
    let by = &call.caller.name;
    let mut plan = plane.confirm.plan(what, by, Amount::default()).await?;
    plan.would = look(plane, &plan, queues, number)
        .await
        .map_err(|error| fault::redis(&error))?;
    Ok(ClearPlan {
        confirmation_token: plane.confirm.sign(&plan).await?,
        expires_at: Some(stamp(plan.expires_at())),
        would_clear: Some(plan.would.into()),
    })
}

async fn look(
    plane: &Plane,
    plan: &Plan<Amount>,
    queues: &[Queue],
    number: &str,
) -> Result<Amount, QueueError> {
    let mut amount = Amount::default();
    for queue in queues {
        match queue {
            Queue::Webhook => {
                let would = plane.inbox.would_clear(plan.until()).await?;
                (amount.webhooks_waiting, amount.webhooks_delayed) = (would.waiting, would.delayed);
            }
            Queue::Fact => {
                let would = plane.facts.would_clear(plan.until()).await?;
                amount.facts = would.waiting + would.delayed;
            }
            _ => amount.messages = plane.outbox.would_clear(one(number), plan.until()).await?,
        }
    }
    Ok(amount)
}

/// `amount` is what is gone so far, also when it ends half-way.
async fn carry_out(
    plane: &Plane,
    plan: &Plan<Amount>,
    queues: &[Queue],
    number: &str,
    by: &str,
    amount: &mut Amount,
) -> Result<(), QueueError> {
    for queue in queues {
        match queue {
            Queue::Webhook => {
                let gone = plane.inbox.clear(plan.until()).await?;
                (amount.webhooks_waiting, amount.webhooks_delayed) = (gone.waiting, gone.delayed);
            }
            Queue::Fact => {
                let gone = plane.facts.clear(plan.until()).await?;
                amount.facts = gone.waiting + gone.delayed;
            }
            _ => amount.messages = plane.outbox.clear(one(number), plan.until(), by).await?,
        }
    }
    Ok(())
}

fn one(number: &str) -> Option<&str> {
    (!number.is_empty()).then_some(number)
}

/// How what went differs from the plan, in words.
fn difference(planned: &Amount, cleared: &Amount) -> String {
    let parts = [
        (
            "webhooks that waited",
            planned.webhooks_waiting,
            cleared.webhooks_waiting,
        ),
        (
            "webhooks that were put off",
            planned.webhooks_delayed,
            cleared.webhooks_delayed,
        ),
        ("messages", planned.messages, cleared.messages),
        ("facts", planned.facts, cleared.facts),
    ];
    let told: Vec<String> = parts
        .into_iter()
        .filter(|(_, planned, cleared)| planned != cleared)
        .map(|(name, planned, cleared)| match planned > cleared {
            true => format!(
                "{name}: {} of {planned} had left the queue before they could be cleared",
                planned - cleared
            ),
            false => format!(
                "{name}: {} more than planned came back into the queue, from before the plan",
                cleared - planned
            ),
        })
        .collect();
    told.join("; ")
}

impl From<Amount> for Cleared {
    fn from(amount: Amount) -> Self {
        Self {
            webhooks_waiting: amount.webhooks_waiting,
            webhooks_delayed: amount.webhooks_delayed,
            messages: amount.messages,
            facts: amount.facts,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_said_and_what_does_not_is_not() {
        let planned = Amount {
            webhooks_waiting: 5,
            messages: 2,
            ..Amount::default()
        };
        assert_eq!(difference(&planned, &planned), "");
        let cleared = Amount {
            webhooks_waiting: 3,
            messages: 4,
            ..Amount::default()
        };
        let text = difference(&planned, &cleared);
        assert!(
            text.contains("2 of 5 had left") && text.contains("2 more than planned"),
            "{text}"
        );
    }
}
