//! Queues: how they stand, pause, resume, clear.

use std::time::Duration;

use clap::Args;

use super::Queue;

#[derive(Debug, Args)]
pub(crate) struct Stats {
    /// With the business numbers that have anything to do
    #[arg(long)]
    pub(crate) numbers: bool,
    /// With the consumers and partitions of each queue
    #[arg(long)]
    pub(crate) consumers: bool,
    /// Show it again and again until Ctrl-C
    #[arg(long)]
    pub(crate) watch: bool,
    /// From one showing to the next
    #[arg(long, value_name = "TIME", default_value = "1s", requires = "watch", value_parser = crate::admin::text::time::duration)]
    pub(crate) interval: Duration,
}

#[derive(Debug, Args)]
pub(crate) struct Pause {
    /// Which queue; without one, webhooks and messages both
    #[arg(long)]
    pub(crate) queue: Option<Queue>,
    /// Only the messages of this business number, by Meta's id of it
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    pub(crate) number: String,
    /// Why, for whoever asks later
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    pub(crate) reason: String,
}

#[derive(Debug, Args)]
pub(crate) struct Resume {
    /// Which queue; without one, all
    #[arg(long)]
    pub(crate) queue: Option<Queue>,
    /// Only the messages of this business number, by Meta's id of it
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    pub(crate) number: String,
}

#[derive(Debug, Args)]
pub(crate) struct Clear {
    /// Which queue; without one, webhooks and messages both
    #[arg(long)]
    pub(crate) queue: Option<Queue>,
    /// Only the messages of this business number, by Meta's id of it
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    pub(crate) number: String,
    /// Only show what would go
    #[arg(long, conflicts_with = "yes")]
    pub(crate) dry_run: bool,
    /// Don't ask
    #[arg(long, short)]
    pub(crate) yes: bool,
}
