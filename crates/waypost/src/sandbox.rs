//! `waypost sandbox`: Meta, played. `send` posts webhooks to any URL; `serve` answers the Graph API.

mod serve;

use std::collections::BTreeMap;
use std::time::Duration;

use waypost_sandbox::{DeliveryKind, Outcome, Scenario, Sender};

use crate::{cli, terminal};

pub(crate) use serve::range_of_millis;

pub(crate) async fn command(arguments: &cli::Sandbox) -> anyhow::Result<()> {
    match &arguments.command {
        Some(cli::SandboxCommand::Send(arguments)) => send(arguments).await,
        Some(cli::SandboxCommand::Serve(arguments)) => serve::command(arguments).await,
        None => serve::command(&arguments.serve).await,
    }
}

async fn send(arguments: &cli::Send) -> anyhow::Result<()> {
    let sender = Sender::new(&arguments.url)?.at_once(arguments.connections);
    let plan = scenario(arguments).plan(arguments.secret.as_bytes());
    let outcomes = sender.send_all(&plan.deliveries, |_| {}).await;
    let expected = &plan.expected;
    terminal::out(&summary(&outcomes));
    terminal::line(&format!(
        "to be found afterwards: {} messages, {} statuses, {} account events, {} failed webhooks",
        expected.messages_by_type.values().sum::<u64>(),
        expected.statuses_by_status.values().sum::<u64>(),
        expected.account_events_by_field.values().sum::<u64>(),
        expected.failed_webhooks,
    ));
    let wrong = outcomes
        .iter()
        .filter(|outcome| !outcome.is_expected())
        .count();
    anyhow::ensure!(
        wrong == 0,
        "{wrong} of {} webhooks were not answered as they should be",
        outcomes.len()
    );
    Ok(())
}

fn scenario(arguments: &cli::Send) -> Scenario {
    Scenario {
        seed: arguments.seed,
        updates: arguments.count,
        batch_sizes: 1..=usize::from(arguments.batch),
        duplicate_share: f64::from(arguments.duplicates) / 100.0,
        bad_signatures: arguments.bad_signatures,
        malformed_bodies: arguments.malformed,
        poison_items: arguments.poison,
        double_taps: arguments.double_taps,
        disorder: arguments.disorder,
    }
}

/// One line for each kind of webhook and answer, and how long the answers took.
fn summary(outcomes: &[Outcome]) -> String {
    let mut counts: BTreeMap<(DeliveryKind, String), usize> = BTreeMap::new();
    for outcome in outcomes {
        let answer = match (outcome.status, &outcome.error) {
            (Some(status), _) => status.to_string(),
            (None, error) => error.clone().unwrap_or_else(|| "no answer".to_owned()),
        };
        *counts.entry((outcome.kind, answer)).or_default() += 1;
    }
    let mut lines: Vec<String> = counts
        .into_iter()
        .map(|((kind, answer), count)| format!("{count:>7}  {:<24} {answer}", words(kind)))
        .collect();
    let mut times: Vec<Duration> = outcomes.iter().map(|outcome| outcome.latency).collect();
    times.sort_unstable();
    let at =
        |share: usize| times.get((times.len() * share / 100).min(times.len().saturating_sub(1)));
    if let (Some(half), Some(most)) = (at(50), at(99)) {
        lines.push(format!(
            "answers: p50 {:.1} ms, p99 {:.1} ms",
            millis(*half),
            millis(*most)
        ));
    }
    lines.join("\n") + "\n"
}

fn words(kind: DeliveryKind) -> &'static str {
    match kind {
        DeliveryKind::Good => "good",
        DeliveryKind::Duplicate => "sent once more",
        DeliveryKind::BadSignature => "with a bad signature",
        DeliveryKind::MalformedBody => "malformed",
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
