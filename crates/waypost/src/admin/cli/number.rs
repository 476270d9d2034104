//! Business numbers.

use clap::{Args, Subcommand};

use super::Paging;

#[derive(Debug, Subcommand)]
pub(crate) enum Number {
    /// List them: backlog, rate, limit, and what holds them up
    List(NumberList),
    /// Set how many messages a second a number may send
    Limit(Limit),
    /// Stop a number: it sends nothing until it is resumed
    Stop(NumberStop),
    /// Let a number send again: ends a stop, by hand or by Meta's errors, and a pause
    Resume(NumberResume),
}

#[derive(Debug, Args)]
pub(crate) struct NumberList {
    /// Only this one, by Meta's id of it
    #[arg(value_name = "ID", default_value = "", hide_default_value = true)]
    pub(crate) number: String,
    #[command(flatten)]
    pub(crate) paging: Paging,
}

/// Clap would show the flag's group before the number.
#[derive(Debug, Args)]
#[command(override_usage = "waypost number limit [OPTIONS] <ID> <PER_SECOND|--unset>")]
pub(crate) struct Limit {
    /// The number, by Meta's id of it
    #[arg(value_name = "ID")]
    pub(crate) number: String,
    #[command(flatten)]
    pub(crate) wanted: Wanted,
}

/// One of them.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Wanted {
    /// Messages a second
    #[arg(value_name = "PER_SECOND")]
    pub(crate) per_second: Option<f64>,
    /// Take back what was set: as Meta, the file or the default has it
    #[arg(long)]
    pub(crate) unset: bool,
}

#[derive(Debug, Args)]
pub(crate) struct NumberStop {
    /// The number, by Meta's id of it
    #[arg(value_name = "ID")]
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
pub(crate) struct NumberResume {
    /// The number, by Meta's id of it
    #[arg(value_name = "ID")]
    pub(crate) number: String,
}
