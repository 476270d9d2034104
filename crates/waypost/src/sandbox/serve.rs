//! `waypost sandbox serve`: the Graph side of the fake Meta, alone, until Ctrl-C.

use std::ops::Range;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use tokio::net::TcpListener;
use waypost_sandbox::graph::{Fault, Limits, PairRate, Rate};
use waypost_sandbox::{Graph, GraphSettings, WebhookSettings};

use crate::signals::Signals;
use crate::{cli, terminal};

pub(super) async fn command(arguments: &cli::Serve) -> anyhow::Result<()> {
    let faults = match &arguments.faults {
        Some(file) => faults(file)?,
        None => Vec::new(),
    };
    let mut signals = Signals::listen()?;
    let listener = TcpListener::bind(arguments.listen)
        .await
        .with_context(|| format!("cannot listen on {}", arguments.listen))?;
    let settings = settings(arguments);
    let seed = settings.seed;
    let graph = Graph::start(listener, settings)?;
    graph.set_faults(faults);
    terminal::line(&format!(
        "fake Meta at {} (seed {seed}); stats at {0}/_sandbox/stats; stop with Ctrl-C",
        graph.url()
    ));
    signals.next().await;
    let (accepted, requests) = (graph.accepted_count(), graph.requests());
    graph.stop().await;
    terminal::line(&format!(
        "{accepted} messages accepted of {requests} requests"
    ));
    Ok(())
}

fn settings(arguments: &cli::Serve) -> GraphSettings {
    let webhooks = arguments.webhook_url.as_deref().map(|url| WebhookSettings {
        delay: arguments.status_delay.clone(),
        ..WebhookSettings::to(url)
    });
    GraphSettings {
        seed: arguments.seed.unwrap_or_else(another_seed),
        tokens: arguments.tokens.clone(),
        app_secret: arguments.app_secret.clone(),
        limits: limits(arguments),
        latency: arguments.latency.clone(),
        webhooks,
        ..GraphSettings::default()
    }
}

fn limits(arguments: &cli::Serve) -> Option<Limits> {
    let number = arguments.number_limit.map(Rate::per_second);
    let pair = arguments.pair_limits.then_some(PairRate::META);
    (number.is_some() || pair.is_some()).then(|| Limits {
        number,
        pair,
        ..Limits::default()
    })
}

fn faults(file: &Path) -> anyhow::Result<Vec<Fault>> {
    let text =
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    serde_json::from_str(&text)
        .with_context(|| format!("{} is not a JSON array of faults", file.display()))
}

/// A database that outlives the sandbox must not meet the same message ids again.
fn another_seed() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    u64::try_from(since.unwrap_or_default().as_micros()).unwrap_or(1)
}

/// Reads `20` or `20-80`, in milliseconds.
pub(crate) fn range_of_millis(text: &str) -> Result<Range<Duration>, String> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    let number = |text: &str| text.trim().parse().map(Duration::from_millis);
    match (number(from), number(to)) {
        (Ok(from), Ok(to)) if from <= to => Ok(from..to),
        _ => Err("give milliseconds like 20, or a range like 20-80".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::range_of_millis;
    use std::time::Duration;

    #[test]
    fn ranges_are_read() {
        let time = Duration::from_millis;
        assert_eq!(range_of_millis("20"), Ok(time(20)..time(20)));
        assert_eq!(range_of_millis("20-80"), Ok(time(20)..time(80)));
        for wrong in ["", "-", "80-20", "20ms", "-5", "1-2-3"] {
            assert!(range_of_millis(wrong).is_err(), "{wrong}");
        }
    }
}
