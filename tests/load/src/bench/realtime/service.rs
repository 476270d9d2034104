//! The realtime service as a process of its own.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use secrecy::SecretString;
use waypost_harness::{bin, free_port};
use waypost_token::{Claims, MOST_TTL, Scope, Tokens};

use crate::bench::stack::{Stack, local};
use crate::process::Program;

const SECRET: &str = "benchmarks-sign-tokens-with-this";
/// All clients come from one address and most of them with one token, which no user's do.
const NO_LIMIT: &str = "1000000";

pub(super) struct Realtime {
    pub(super) program: Program,
    pub(super) at: SocketAddr,
}

impl Realtime {
    pub(super) async fn start(stack: &Stack) -> Result<Self> {
        let at = local(free_port()?);
        let mut program = Program::start(
            &bin("waypost-realtime"),
            &[],
            &[
                ("WAYPOST_REDIS_URL", stack.redis.url()),
                ("WAYPOST_REALTIME_LISTEN", at.to_string()),
                ("WAYPOST_REALTIME_SECRETS", SECRET.to_owned()),
                ("WAYPOST_REALTIME_MAX_PER_TOKEN", NO_LIMIT.to_owned()),
                ("WAYPOST_REALTIME_MAX_PER_ADDRESS", NO_LIMIT.to_owned()),
            ],
        )?;
        program.listening(at).await.context("waypost-realtime")?;
        Ok(Self { program, at })
    }
}

/// A token for these numbers, or for everything when there are none.
pub(super) fn token(numbers: &[&str]) -> Result<String> {
    let tokens = Tokens::new(&[SecretString::from(SECRET)]).context("a secret")?;
    let scope = if numbers.is_empty() {
        Scope::Everything
    } else {
        let numbers = numbers.iter().map(|&number| number.to_owned()).collect();
        Scope::new(numbers, None, None)?
    };
    Ok(tokens.issue(&Claims::new("bench", scope, MOST_TTL)))
}
