//! How to reach the monitor, and how to answer: the same for every command.

use std::convert::Infallible;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use waypost_settings::SecretString;

/// Without an address: what `waypost up` has left in `.waypost/admin.json`, else 127.0.0.1:9400.
#[derive(Debug, Args)]
#[command(next_help_heading = "Access")]
pub(crate) struct Access {
    /// Where the monitor listens: HOST:PORT or https://HOST [env: WAYPOST_ADMIN] [default: that of a `waypost up` in this
    /// folder, else 127.0.0.1:9400]
    #[arg(long, global = true, value_name = "ADDR")]
    pub(crate) admin: Option<String>,
    /// Token to call with; others see a command line, so better in the environment or a file [env: WAYPOST_TOKEN]
    #[arg(long, global = true, value_name = "TOKEN", value_parser = secret, conflicts_with = "token_file")]
    pub(crate) token: Option<SecretString>,
    /// File whose first line is the token [env: WAYPOST_TOKEN_FILE]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// PEM file of the authorities to trust instead of the system's
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// PEM file of a certificate of our own, where the monitor wants one
    #[arg(long, global = true, value_name = "FILE", requires = "key")]
    pub(crate) cert: Option<PathBuf>,
    /// PEM file of its private key
    #[arg(long, global = true, value_name = "FILE", requires = "cert")]
    pub(crate) key: Option<PathBuf>,
    /// Longest wait for an answer
    #[arg(long, global = true, value_name = "TIME", default_value = "10s", value_parser = crate::admin::text::time::duration)]
    pub(crate) timeout: Duration,
    /// Answer in JSON, as the HTTP API does
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

fn secret(text: &str) -> Result<SecretString, Infallible> {
    Ok(SecretString::from(text))
}
