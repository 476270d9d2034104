//! `waypost clear`: first what would go, then, when that is confirmed, it goes.

use waypost_rpc::v1::{ClearPlan, ClearRequest, Cleared};

use super::cli::{self, Clear};
use super::confirm::confirm;
use super::fault::Fault;
use super::session::Session;
use super::text::counted;

pub(crate) async fn command(session: &Session, arguments: &Clear) -> Result<(), Fault> {
    let request = ClearRequest {
        queue: cli::queue(arguments.queue),
        phone_number_id: arguments.number.clone(),
        dry_run: true,
        confirmation_token: String::new(),
    };
    let answer = session
        .patiently(session.queues().clear(request.clone()))
        .await?;
    let plan = answer.plan.clone().unwrap_or_default();
    if arguments.dry_run {
        session.screen.show(&answer, |_| {
            format!("Would throw away {}.\n", words(plan.would_clear.as_ref()))
        });
        return Ok(());
    }
    confirm(&question(&plan), arguments.yes).await?;
    let confirmed = ClearRequest {
        dry_run: false,
        confirmation_token: plan.confirmation_token,
        ..request
    };
    // A large queue is cleared in many steps, however long that takes.
    let answer = session.patiently(session.queues().clear(confirmed)).await?;
    session.screen.show(&answer, |look| {
        let mut text = format!("Threw away {}.\n", words(answer.cleared.as_ref()));
        if !answer.difference.is_empty() {
            let difference = super::text::clean(&answer.difference);
            text.push_str(&format!("Not as planned: {}\n", look.wrap(&difference, 2)));
        }
        text
    });
    Ok(())
}

fn question(plan: &ClearPlan) -> String {
    format!(
        "This throws away, for good, {}. What comes in from now on stays.",
        words(plan.would_clear.as_ref())
    )
}

/// Facts are told only where there are any: they are cleared only by name.
fn words(cleared: Option<&Cleared>) -> String {
    let cleared = cleared.copied().unwrap_or_default();
    let mut parts = vec![
        format!(
            "{} ({} waiting, {} delayed)",
            counted(
                cleared.webhooks_waiting + cleared.webhooks_delayed,
                "webhook"
            ),
            super::text::count(cleared.webhooks_waiting),
            super::text::count(cleared.webhooks_delayed),
        ),
        counted(cleared.messages, "message"),
    ];
    if cleared.facts > 0 {
        parts.push(counted(cleared.facts, "fact"));
    }
    match parts.split_last() {
        Some((last, first)) => format!("{} and {last}", first.join(", ")),
        None => String::new(),
    }
}
