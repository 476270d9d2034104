//! Dead letters.

use clap::{Args, Subcommand};

use super::{Paging, Period, Queue};

#[derive(Debug, Subcommand)]
pub(crate) enum Dead {
    /// List them, oldest first
    List(DeadList),
    /// Show one with all its errors
    Show(DeadShow),
    /// Put dead letters back into their queue, with fresh attempts
    Replay(Replay),
    /// Throw dead letters away, for good
    Purge(Purge),
}

/// Fields that are not set do not restrict.
#[derive(Debug, Args)]
pub(crate) struct DeadFilter {
    /// Only of this queue
    #[arg(long)]
    pub(crate) queue: Option<Queue>,
    /// Only of this class: exhausted, expired, rejected, unknown, number_stopped; malformed, unreadable, crash
    #[arg(
        long,
        value_name = "CLASS",
        default_value = "",
        hide_default_value = true
    )]
    pub(crate) class: String,
    /// Only messages of this business number, by Meta's id of it
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    pub(crate) number: String,
    /// Only whose latest error has this code of Meta's
    #[arg(
        long,
        value_name = "CODE",
        default_value_t = 0,
        hide_default_value = true
    )]
    pub(crate) error_code: i64,
    #[command(flatten)]
    pub(crate) period: Period,
}

#[derive(Debug, Args)]
pub(crate) struct DeadList {
    #[command(flatten)]
    pub(crate) filter: DeadFilter,
    #[command(flatten)]
    pub(crate) paging: Paging,
}

#[derive(Debug, Args)]
pub(crate) struct DeadShow {
    /// Its id
    pub(crate) id: String,
    /// With the payload; needs an operator's token, because it holds what people wrote
    #[arg(long)]
    pub(crate) payload: bool,
}

/// Which dead letters: by id, by filter, or all.
#[derive(Debug, Args)]
pub(crate) struct Bulk {
    /// These
    #[arg(value_name = "ID")]
    pub(crate) ids: Vec<String>,
    /// All that lie there
    #[arg(long, conflicts_with = "ids")]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) filter: DeadFilter,
    /// Only say how many it would be
    #[arg(long, conflicts_with = "yes")]
    pub(crate) dry_run: bool,
    /// Don't ask
    #[arg(long, short)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Replay {
    #[command(flatten)]
    pub(crate) which: Bulk,
    /// At most so many a second
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0.0,
        hide_default_value = true
    )]
    pub(crate) rate: f64,
}

#[derive(Debug, Args)]
pub(crate) struct Purge {
    #[command(flatten)]
    pub(crate) which: Bulk,
}
