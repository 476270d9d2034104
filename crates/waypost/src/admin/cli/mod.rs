//! Commands and flags of the admin plane.

mod access;
mod dead;
mod message;
mod number;
mod queue;
mod tail;

use clap::{Args, Subcommand, ValueEnum};
use prost_types::Timestamp;
use waypost_rpc::v1;

pub(crate) use access::Access;
pub(crate) use dead::{Bulk, Dead, DeadFilter, DeadList, DeadShow, Purge, Replay};
pub(crate) use message::{Decide, Message, MessageList, Send};
pub(crate) use number::{Limit, Number, NumberList};
pub(crate) use queue::{Clear, Pause, Resume, Stats};
pub(crate) use tail::Tail;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show how the queues stand: what waits, how fast it goes, what needs a look
    Stats(Box<To<Stats>>),
    /// Stop taking entries off a queue; what comes in waits
    Pause(Box<To<Pause>>),
    /// End a pause
    Resume(Box<To<Resume>>),
    /// Throw away what waits in a queue, after showing what that is
    Clear(Box<To<Clear>>),
    /// Dead letters: what was given up
    Dead(Box<Of<Dead>>),
    /// Messages: what became of one, and why it has not left
    Message(Box<Of<Message>>),
    /// Business numbers: what they may send and what keeps them from it
    Number(Box<Of<Number>>),
    /// Send a text, for trying
    Send(Box<To<Send>>),
    /// Show events as they happen, until Ctrl-C
    Tail(Box<To<Tail>>),
    /// Show who changed what
    Audit(Box<To<Audit>>),
    /// Print a script that completes commands and flags in a shell
    Completions(Completions),
}

/// A command and how to reach the monitor.
#[derive(Debug, Args)]
pub(crate) struct To<A: Args> {
    #[command(flatten)]
    pub(crate) what: A,
    #[command(flatten)]
    pub(crate) access: Access,
}

/// The same for a group of commands.
#[derive(Debug, Args)]
pub(crate) struct Of<S: Subcommand> {
    #[command(subcommand)]
    pub(crate) what: S,
    #[command(flatten)]
    pub(crate) access: Access,
}

/// How much of a list to show.
#[derive(Debug, Args)]
pub(crate) struct Paging {
    /// Show at most so many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
    /// Go on where a list ended that said so
    #[arg(
        long,
        value_name = "TOKEN",
        default_value = "",
        hide_default_value = true
    )]
    pub(crate) after: String,
}

/// From when to when.
#[derive(Debug, Args)]
pub(crate) struct Period {
    /// Only at this time or later: 2026-11-24T21:00:00Z, or how long ago: 90s, 30m, 2h, 7d
    #[arg(long, value_name = "TIME", value_parser = super::text::time::parse)]
    pub(crate) since: Option<Timestamp>,
    /// Only before this time
    #[arg(long, value_name = "TIME", value_parser = super::text::time::parse)]
    pub(crate) until: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Queue {
    /// Webhooks from Meta, on their way to Postgres
    Webhook,
    /// Messages on their way to Meta
    Message,
    /// What became of messages, on its way to Postgres
    Fact,
}

#[derive(Debug, Args)]
pub(crate) struct Audit {
    /// Only done with the token of this name
    #[arg(
        long,
        value_name = "NAME",
        default_value = "",
        hide_default_value = true
    )]
    pub(crate) actor: String,
    /// Only this method, like QueueService.Pause
    #[arg(
        long,
        value_name = "METHOD",
        default_value = "",
        hide_default_value = true
    )]
    pub(crate) method: String,
    /// Only on this: a queue, a number, a message
    #[arg(
        long,
        value_name = "TARGET",
        default_value = "",
        hide_default_value = true
    )]
    pub(crate) target: String,
    #[command(flatten)]
    pub(crate) period: Period,
    #[command(flatten)]
    pub(crate) paging: Paging,
    /// With what was asked for, and how it was before and after
    #[arg(long)]
    pub(crate) long: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// Which shell
    pub(crate) shell: clap_complete::Shell,
}

impl From<Queue> for v1::Queue {
    fn from(queue: Queue) -> Self {
        match queue {
            Queue::Webhook => Self::Webhook,
            Queue::Message => Self::Message,
            Queue::Fact => Self::Fact,
        }
    }
}

/// The number that the protocol has for a queue; 0 for none.
pub(crate) fn queue(queue: Option<Queue>) -> i32 {
    queue.map_or(0, |queue| v1::Queue::from(queue).into())
}
