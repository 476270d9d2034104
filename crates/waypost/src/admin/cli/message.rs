//! Messages.

use clap::{Args, Subcommand, ValueEnum};
use waypost_rpc::v1;

use super::{Paging, Period};

#[derive(Debug, Subcommand)]
pub(crate) enum Message {
    /// Tell the story of one: what happened to it and what it waits for now
    Show(MessageShow),
    /// List messages, newest first
    List(MessageList),
    /// Decide about one whose outcome is unknown
    Decide(Decide),
}

#[derive(Debug, Args)]
pub(crate) struct MessageShow {
    /// Its id, as the send API has answered it or a list shows it
    pub(crate) id: String,
    /// With the body; needs an operator's token, because it holds what people wrote
    #[arg(long)]
    pub(crate) payload: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Direction {
    /// From a customer
    In,
    /// From the business
    Out,
}

/// Flags that are not given do not restrict.
#[derive(Debug, Args)]
pub(crate) struct MessageList {
    /// Only one way
    #[arg(long)]
    pub(crate) direction: Option<Direction>,
    /// Only of this business number, by Meta's id of it
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    pub(crate) number: String,
    /// Only with this person, by our id
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    pub(crate) contact: String,
    /// Only with the person who has or had this phone number
    #[arg(long, value_name = "PHONE", default_value = "", hide_default_value = true, value_parser = digits)]
    pub(crate) person: String,
    /// Only with this id of Meta's
    #[arg(
        long,
        value_name = "WAMID",
        default_value = "",
        hide_default_value = true
    )]
    pub(crate) wamid: String,
    /// Only brought by this request
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    pub(crate) request: String,
    /// Only in this state: accepted, retrying, unknown, held, dead or sent
    #[arg(
        long,
        value_name = "STATE",
        default_value = "",
        hide_default_value = true
    )]
    pub(crate) state: String,
    /// Only with this status of Meta's: sent, delivered, read, played or failed
    #[arg(
        long,
        value_name = "STATUS",
        default_value = "",
        hide_default_value = true
    )]
    pub(crate) status: String,
    #[command(flatten)]
    pub(crate) period: Period,
    #[command(flatten)]
    pub(crate) paging: Paging,
    /// With the bodies; needs an operator's token, because they hold what people wrote
    #[arg(long)]
    pub(crate) payload: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Decide {
    /// The message
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) decision: Decision,
    /// The business number that sends it, by Meta's id; looked up without
    #[arg(long, value_name = "ID")]
    pub(crate) number: Option<String>,
    /// Don't ask
    #[arg(long, short)]
    pub(crate) yes: bool,
}

/// One of them.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Decision {
    /// Send it again; it may arrive twice
    #[arg(long)]
    pub(crate) resend: bool,
    /// Give it up: it becomes a dead letter of class unknown
    #[arg(long)]
    pub(crate) give_up: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Send {
    /// The business number that sends, by Meta's id of it
    #[arg(long, value_name = "ID")]
    pub(crate) from: String,
    /// Who gets it: a phone number with its country code
    #[arg(long, value_name = "PHONE", value_parser = digits)]
    pub(crate) to: String,
    /// The text
    #[arg(value_name = "TEXT")]
    pub(crate) text: String,
    /// The same key again within a day sends nothing again; made up without
    #[arg(long, value_name = "KEY")]
    pub(crate) idempotency_key: Option<String>,
}

impl From<Direction> for v1::Direction {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::In => Self::In,
            Direction::Out => Self::Out,
        }
    }
}

/// A phone number as people write it, as digits.
fn digits(text: &str) -> Result<String, String> {
    let digits: String = text
        .chars()
        .filter(|letter| !matches!(letter, '+' | ' ' | '-' | '(' | ')' | '.'))
        .collect();
    if (digits.is_empty() && !text.is_empty()) || !digits.bytes().all(|byte| byte.is_ascii_digit())
    {
        return Err("want a phone number with its country code, like +1 555 000 1234".to_owned());
    }
    Ok(digits)
}
