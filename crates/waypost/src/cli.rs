//! Commands and flags.

use std::net::SocketAddr;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

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
    #[cfg(feature = "all-in-one")]
    Up(Box<Up>),
    /// Bring the database's tables up to date
    Migrate(Migrate),
    /// Show the configuration in force and where each value comes from, secrets masked
    Config(Config),
    /// Make a bearer key for the send API, or for the admin plane
    #[command(subcommand)]
    Key(Key),
    /// Play Meta: take messages over the Graph API and tell what became of them, or send webhooks to a URL
    Sandbox(Box<Sandbox>),
    /// Show the whole way: send a few thousand webhooks through, check every figure at the end
    #[cfg(feature = "all-in-one")]
    Demo(Demo),
    #[command(flatten)]
    Admin(crate::admin::cli::Command),
}

#[cfg(feature = "all-in-one")]
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
    /// Address of the send API; default 127.0.0.1:8081, with --ephemeral a free port
    #[arg(long, value_name = "ADDR")]
    pub(crate) send_listen: Option<SocketAddr>,
    /// Address of the admin plane and the dashboard; default 127.0.0.1:9400, with --ephemeral a free port
    #[arg(long, value_name = "ADDR")]
    pub(crate) admin_listen: Option<SocketAddr>,
    /// Address of events for browsers; default 127.0.0.1:8082, with --ephemeral a free port
    #[arg(long, value_name = "ADDR")]
    pub(crate) realtime_listen: Option<SocketAddr>,
    /// Address where a front end's server gets tokens for its browsers; default 127.0.0.1:8083, with --ephemeral a free port
    #[arg(long, value_name = "ADDR")]
    pub(crate) realtime_tokens_listen: Option<SocketAddr>,
    /// Send to a fake Meta inside this process, which answers, and tells by webhooks what became of each message
    #[arg(long, conflicts_with = "graph_url")]
    pub(crate) sandbox: bool,
    /// Send to this Graph API instead of Meta's
    #[arg(long, value_name = "URL")]
    pub(crate) graph_url: Option<String>,
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
    /// Instead, print the OpenAPI description of the admin plane
    #[arg(long, conflicts_with_all = ["json", "markdown"])]
    pub(crate) openapi: bool,
    /// Instead, print the page docs/METRICS.md: every metric of every part
    #[arg(long, conflicts_with_all = ["json", "markdown", "openapi"])]
    pub(crate) metrics: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    /// Print a new key, once, and the table for the file of keys
    New(NewKey),
}

#[derive(Debug, Args)]
pub(crate) struct NewKey {
    /// What the key is called in the history and the log
    #[arg(long)]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) grant: KeyGrant,
}

/// What a key is for: one of them.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct KeyGrant {
    /// For the send API: the numbers it may send from, phone_number_ids with commas between them, or * for all
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    pub(crate) numbers: Vec<String>,
    /// For the admin plane: what it may do
    #[arg(long, value_enum)]
    pub(crate) role: Option<KeyRole>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum KeyRole {
    /// See everything but what people wrote
    Viewer,
    /// Also read that, replay and decide, set limits, stop and resume numbers, send a text
    Operator,
    /// Also pause, resume and clear queues, purge dead letters, read the audit
    Admin,
}

/// Without a command it serves.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Sandbox {
    #[command(subcommand)]
    pub(crate) command: Option<SandboxCommand>,
    #[command(flatten)]
    pub(crate) serve: Serve,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SandboxCommand {
    /// Answer the Graph API: messages, media, status webhooks; faults and limits as wished (the default)
    Serve(Serve),
    /// Compose, sign and send webhooks of every type
    Send(Send),
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Where to listen; point the Graph URL of a dispatcher here
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8099")]
    pub(crate) listen: SocketAddr,
    /// Where to POST the status webhooks, like http://127.0.0.1:8080/webhook; without it none are sent
    #[arg(long, value_name = "URL", requires = "app_secret")]
    pub(crate) webhook_url: Option<String>,
    /// App secret to sign webhooks with
    #[arg(
        long,
        value_name = "SECRET",
        env = "WHATSAPP_APP_SECRET",
        hide_env_values = true
    )]
    pub(crate) app_secret: Option<String>,
    /// Access token to accept; may be given several times. Without it every token is good
    #[arg(long = "token", value_name = "TOKEN")]
    pub(crate) tokens: Vec<String>,
    /// Messages a second that each number may send (Meta: 80); more are refused with 130429
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) number_limit: Option<u32>,
    /// Refuse floods to one recipient as Meta does: one each 6 s, bursts of 45; more get 131056
    #[arg(long)]
    pub(crate) pair_limits: bool,
    /// How long an answer takes, in milliseconds: 20 or 20-80
    #[arg(long, value_name = "MS", default_value = "0", value_parser = crate::sandbox::range_of_millis)]
    pub(crate) latency: Range<Duration>,
    /// JSON array of what is to go wrong, like [{"when": {"probability": 0.05}, "what": "reset_after"}]
    #[arg(long, value_name = "FILE")]
    pub(crate) faults: Option<PathBuf>,
    /// From a message to its status and from each to the next, in milliseconds: 100 or 20-200
    #[arg(long, value_name = "MS", default_value = "20-200", value_parser = crate::sandbox::range_of_millis)]
    pub(crate) status_delay: Range<Duration>,
    /// Same seed, same ids and chances; by default another each time
    #[arg(long)]
    pub(crate) seed: Option<u64>,
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

#[cfg(feature = "all-in-one")]
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// How many different updates
    #[arg(long, default_value_t = 4000)]
    pub(crate) count: usize,
    /// Same seed, same webhooks
    #[arg(long, default_value_t = 20_261_124)]
    pub(crate) seed: u64,
    /// Whether to keep running after the report until Ctrl-C, while people go on writing, so that there is an inbox to look
    /// at; alone it is always
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Stay::Auto, default_missing_value = "always", num_args = 0..=1, require_equals = true)]
    pub(crate) stay: Stay,
}

#[cfg(feature = "all-in-one")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Stay {
    /// When both input and output are a terminal: then somebody is there to press Ctrl-C
    Auto,
    /// In any case
    Always,
    /// In no case
    Never,
}
