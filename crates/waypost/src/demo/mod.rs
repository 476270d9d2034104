//! `waypost demo`: everything in a temporary folder, a few thousand webhooks of every type in disorder, some twice, some
//! forged, some broken; then every figure is compared with what the sandbox knows it must be.
//!
//! `progress` says how far it is, `figures` collects what became of it, `report` compares and prints; `outbound` is the other way.
//! Then, where somebody looks at it, everything keeps running, and people `talk`: there is an inbox to look at.

mod figures;
mod outbound;
mod progress;
mod report;
mod talk;

use std::io::IsTerminal;
use std::time::Duration;

use anyhow::Context;
use tokio::time::{Instant, interval, sleep};
use waypost_queue::{
    EventSettings, Inbox, InboxSettings, Outbox, OutboxSettings, Redis, RedisSettings,
};
use waypost_sandbox::{Graph, Outcome, Plan, Scenario, Sender};
use waypost_settings::{Layered, MapLookup};
use waypost_store::{Store, StoreSettings};
use waypost_telemetry::LogSettings;

use crate::signals::Signals;
use crate::up::{Addresses, Options, Stack};
use crate::{cli, terminal};
use figures::Figures;
use progress::Progress;

/// How long the inbox may take to be empty after the last answer. What cannot be handled is tried three times, with waits
/// of up to two and then four seconds between.
const DRAINED_WITHIN: Duration = Duration::from_secs(120);

/// Webhooks sent at the same time.
const GROUP: usize = 8;

/// From one group to the next. All at once would show how long a queue can get, and not how long a webhook takes: this is
/// some thousand updates a second, which is more than most businesses ever see and less than the worker can do.
const PAUSE: Duration = Duration::from_millis(50);

pub(crate) async fn command(arguments: &cli::Demo) -> anyhow::Result<()> {
    // Nothing that is configured for another purpose may bend the figures.
    let nothing = Layered::from_environment(std::iter::empty::<(String, String)>(), None)?;
    let log = MapLookup::from([(
        "log.level",
        std::env::var("WAYPOST_LOG_LEVEL").unwrap_or_else(|_| "error".into()),
    )]);
    let _telemetry = waypost_telemetry::init(&LogSettings::from_lookup(&log)?)?;
    let mut signals = Signals::listen()?;

    terminal::line("Starting Redis, Postgres, all services and a fake Meta in a temporary folder.");
    let options = Options::temporary();
    let mut stack = tokio::select! {
        started = Stack::start(&options, &nothing) => started?,
        () = signals.next() => anyhow::bail!("interrupted"),
    };
    let addresses = stack.addresses().clone();
    let graph = stack.graph().cloned().context("a fake Meta was started")?;
    let shown = tokio::select! {
        shown = show(arguments, &addresses, &options, &graph) => shown,
        error = stack.failed() => Err(error),
        () = signals.next() => Err(anyhow::anyhow!("interrupted")),
    };
    let ended = match shown {
        Ok(()) if stays(arguments.stay) => {
            terminal::out(&invitation(&addresses));
            tokio::select! {
                talked = talk::go_on(&addresses, &graph) => talked,
                error = stack.failed() => Err(error),
                () = signals.next() => Ok(()),
            }
        }
        shown => shown,
    };
    tokio::select! {
        stopped = stack.stop() => ended.and(stopped),
        // The children end all the same, by their watchdogs.
        () = signals.next() => anyhow::bail!("interrupted"),
    }
}

fn stays(stay: cli::Stay) -> bool {
    match stay {
        cli::Stay::Always => true,
        cli::Stay::Never => false,
        // Without a keyboard nobody could end it.
        cli::Stay::Auto => std::io::stdin().is_terminal() && std::io::stdout().is_terminal(),
    }
}

/// What there is to look at, and how to get in.
fn invitation(addresses: &Addresses) -> String {
    format!(
        "\nIt keeps running, and people go on writing. Open the inbox in a browser, and write back:\n\n  \
         {}\n\nThe dashboard:\n\n  {}\n\nEvents, in another terminal:\n\n  \
         WAYPOST_ADMIN={} WAYPOST_TOKEN={} waypost tail\n\nCtrl-C ends it.\n",
        addresses.page("/inbox"),
        addresses.page("/"),
        addresses.admin_grpc,
        addresses.admin_token.as_deref().unwrap_or_default(),
    )
}

async fn show(
    arguments: &cli::Demo,
    addresses: &Addresses,
    options: &Options,
    graph: &Graph,
) -> anyhow::Result<()> {
    let secret = options
        .app_secret
        .as_deref()
        .context("an app secret was made up")?;
    let plan = Scenario::rough(arguments.seed, arguments.count).plan(secret.as_bytes());
    let redis = Redis::connect(&RedisSettings::for_url(&addresses.redis_url)).await?;
    let inbox = Inbox::new(&redis, InboxSettings::default().partitions);
    let store = Store::connect(&StoreSettings::for_url(&addresses.database_url)).await?;

    let mut figures = Figures::default();
    send(&plan, &addresses.webhook_url, &mut figures).await?;
    wait_until_drained(&inbox).await?;
    figures
        .collect(&inbox, &store, &redis, &EventSettings::default())
        .await?;
    let (text, mut wrong) = report::compare(&plan, &figures);
    terminal::out(&text);
    let outbox = OutboxSettings::default();
    let way = outbound::Way {
        graph,
        outbox: Outbox::new(&redis, &outbox),
        facts: Inbox::of_facts(&redis, outbox.partitions),
        inbox,
        store: &store,
    };
    wrong += outbound::show(addresses, &way).await?;
    anyhow::ensure!(wrong == 0, "{wrong} figures are not what they must be");
    terminal::line("Every figure is what it must be.");
    if !stays(arguments.stay) {
        terminal::line(
            "With --stay, or on a terminal, it keeps running, and has an inbox to look at.",
        );
    }
    Ok(())
}

async fn send(plan: &Plan, url: &str, figures: &mut Figures) -> anyhow::Result<()> {
    let updates: usize = plan
        .deliveries
        .iter()
        .map(|delivery| delivery.updates)
        .sum();
    let count = plan.deliveries.len();
    terminal::line(&format!(
        "Sending {updates} updates in {count} webhooks, {GROUP} at once every {PAUSE:?}."
    ));
    let progress = Progress::new(count, "webhooks answered");
    let sender = Sender::new(url)?.at_once(GROUP);
    let mut next = interval(PAUSE);
    let mut outcomes = Vec::with_capacity(count);
    for group in plan.deliveries.chunks(GROUP) {
        next.tick().await;
        let first = outcomes.len();
        let sent = sender.send_all(group, |_| progress.step()).await;
        outcomes.extend(sent.into_iter().map(|outcome| Outcome {
            index: first + outcome.index,
            ..outcome
        }));
    }
    progress.done();
    figures.sent(plan, &outcomes)
}

async fn wait_until_drained(inbox: &Inbox) -> anyhow::Result<()> {
    terminal::line(
        "Waiting until all is handled; what cannot be is tried three times, which takes some seconds.",
    );
    let deadline = Instant::now() + DRAINED_WITHIN;
    loop {
        let stats = inbox.stats().await?;
        if stats.is_drained() {
            return Ok(());
        }
        anyhow::ensure!(
            Instant::now() < deadline,
            "not handled within {DRAINED_WITHIN:?}: {} waiting, {} in work, {} put off",
            stats.waiting,
            stats.active,
            stats.delayed,
        );
        sleep(Duration::from_millis(50)).await;
    }
}
