//! Commands and flags.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Moves WhatsApp messages for a business, both ways, and loses none.
#[derive(Debug, Parser)]
#[command(name = "waypost", version, max_term_width = 100)]
pub(crate) struct Cli {
    /// TOML file with the configuration; WAYPOST_CONFIG names one too. The environment wins over it.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run everything in one process, with a Redis and a Postgres of its own
    Up(Up),
    /// Bring the database's tables up to date
    Migrate(Migrate),
    /// Show the configuration in force and where each value comes from, secrets masked
    Config(Config),
    /// Play Meta: send webhooks to a URL
    #[command(subcommand)]
    Sandbox(Sandbox),
    /// Show the whole way: send a few thousand webhooks through, check every figure at the end
    Demo(Demo),
}

#[derive(Debug, Args)]
pub(crate) struct Up {
    /// Folder for the data of Redis and Postgres
    #[arg(
        long,
        value_name = "DIR",
        default_value = ".waypost",
        conflicts_with = "ephemeral"
    )]
    pub(crate) data_dir: PathBuf,
    /// Use this Redis instead of starting one
    #[arg(long, value_name = "URL")]
    pub(crate) redis_url: Option<String>,
    /// Use this Postgres database instead of starting a server
    #[arg(long, value_name = "URL")]
    pub(crate) database_url: Option<String>,
    /// Use a temporary folder and free ports, and leave nothing behind
    #[arg(long)]
    pub(crate) ephemeral: bool,
    /// When all is ready, write the addresses (JSON) to this file; removed at the end
    #[arg(long, value_name = "PATH")]
    pub(crate) ready_file: Option<PathBuf>,
    /// Address of the webhook; default 127.0.0.1:8080, with --ephemeral a free port
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,
}

#[derive(Debug, Args)]
pub(crate) struct Migrate {
    /// The database; default: the configured one
    #[arg(long, value_name = "URL")]
    pub(crate) database_url: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Config {
    /// As a JSON array
    #[arg(long, conflicts_with = "markdown")]
    pub(crate) json: bool,
    /// As the page docs/CONFIG.md: every key with its default, whatever is set
    #[arg(long)]
    pub(crate) markdown: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Sandbox {
    /// Compose, sign and send webhooks of every type
    Send(Send),
}

#[derive(Debug, Args)]
pub(crate) struct Send {
    /// Where to POST, like http://127.0.0.1:8080/webhook
    #[arg(long)]
    pub(crate) url: String,
    /// App secret to sign with
    #[arg(long, env = "WHATSAPP_APP_SECRET", hide_env_values = true)]
    pub(crate) secret: String,
    /// Same seed, same webhooks
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// How many different updates
    #[arg(long, default_value_t = 100)]
    pub(crate) count: usize,
    /// Updates in one webhook, at most
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) batch: u16,
    /// Percentage of webhooks that are sent twice
    #[arg(long, default_value_t = 0, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(crate) duplicates: u8,
    /// Shuffle, so that statuses come before their messages and late ones early
    #[arg(long)]
    pub(crate) disorder: bool,
    /// Further webhooks with a bad signature
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub(crate) bad_signatures: usize,
    /// Further webhooks that cannot be read
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub(crate) malformed: usize,
    /// Further updates, among good ones, that cannot be handled
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub(crate) poison: usize,
    /// Further texts that a person sends twice within five seconds
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub(crate) double_taps: usize,
    /// Requests at the same time
    #[arg(long, default_value_t = 8)]
    pub(crate) connections: usize,
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// How many different updates
    #[arg(long, default_value_t = 4000)]
    pub(crate) count: usize,
    /// Same seed, same webhooks
    #[arg(long, default_value_t = 20_261_124)]
    pub(crate) seed: u64,
}
