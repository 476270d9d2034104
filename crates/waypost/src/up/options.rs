//! What `up` was asked to run, and with which secrets.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use uuid::Uuid;
use waypost_settings::{Layered, SettingsError};

use super::given::given;
use crate::cli;

/// The ports that README and examples use: webhooks, the send API, events and their tokens, and the admin plane.
const USUAL_PORT: u16 = 8080;
const USUAL_SEND_PORT: u16 = 8081;
const USUAL_REALTIME_PORT: u16 = 8082;
const USUAL_TOKENS_PORT: u16 = 8083;
const USUAL_PLANE_PORT: u16 = 9400;

/// Where a server comes from.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// We start one.
    Own,
    /// A flag names one.
    Flag(String),
    /// The configuration names one, under Waypost's own names.
    Configured,
}

/// Where the data of our own servers goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    Folder(PathBuf),
    Temporary,
}

/// Where messages are sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Graph {
    /// As configured, which is Meta unless somebody said otherwise.
    Configured,
    /// A fake Meta of our own.
    Sandbox,
    /// A flag names one.
    Flag(String),
}

/// The realtime service of a run.
#[derive(Clone)]
pub(crate) struct Realtime {
    /// What browsers reach.
    pub(crate) listen: SocketAddr,
    /// Where tokens are issued.
    pub(crate) tokens_listen: SocketAddr,
    /// Whether to make a key for that, because no file of keys is configured.
    pub(crate) make_key: bool,
    /// What tokens are signed with, made up because nobody gave one.
    pub(crate) secret: Option<String>,
    /// Whether to let the pages of our own admin plane connect, because nobody said which may.
    pub(crate) admit_pages: bool,
    /// Whether to tell browsers the address that we listen on, because nobody said another.
    pub(crate) tell_address: bool,
}

/// A run of `up`, decided.
#[derive(Clone)]
pub(crate) struct Options {
    pub(crate) home: Home,
    pub(crate) redis: Source,
    pub(crate) postgres: Source,
    pub(crate) listen: SocketAddr,
    /// The send API.
    pub(crate) send_listen: SocketAddr,
    /// Whether to make a key for it, because no file of keys is configured.
    pub(crate) make_key: bool,
    /// The admin plane.
    pub(crate) plane_listen: SocketAddr,
    /// Whether to make a token for it, because no file of tokens is configured.
    pub(crate) make_token: bool,
    pub(crate) realtime: Realtime,
    pub(crate) graph: Graph,
    /// The configured address of the admin endpoints; `None`: free ports on loopback.
    pub(crate) admin: Option<SocketAddr>,
    /// Made up because nobody gave one. Those of the configuration stay there.
    pub(crate) app_secret: Option<String>,
    /// Likewise.
    pub(crate) verify_token: Option<String>,
}

impl Options {
    /// Everything of our own, in a temporary folder and on free ports.
    pub(crate) fn temporary() -> Self {
        let free = (Ipv4Addr::LOCALHOST, 0).into();
        Self {
            home: Home::Temporary,
            redis: Source::Own,
            postgres: Source::Own,
            listen: free,
            send_listen: free,
            make_key: true,
            plane_listen: free,
            make_token: true,
            realtime: Realtime {
                listen: free,
                tokens_listen: free,
                make_key: true,
                secret: Some(random_secret()),
                admit_pages: true,
                tell_address: true,
            },
            graph: Graph::Sandbox,
            admin: None,
            app_secret: Some(random_word()),
            verify_token: Some(random_word()),
        }
    }

    /// Says what is set, under a name that other programs use as well, and is not what `up` uses.
    pub(crate) fn tell_unused(&self, lookup: &Layered) -> Result<(), SettingsError> {
        let servers = [
            (&self.redis, "redis.url", "--redis-url"),
            (&self.redis, "redis.host", "--redis-url"),
            (&self.postgres, "postgres.url", "--database-url"),
        ];
        for (source, path, flag) in servers {
            if *source == Source::Own && given(lookup, path, true)?.is_some() {
                tracing::info!(
                    "{path} is set, but up runs a server of its own; {flag} names another"
                );
            }
        }
        Ok(())
    }

    pub(crate) fn read(arguments: &cli::Up, lookup: &Layered) -> Result<Self, SettingsError> {
        // Ephemeral means untouched by what is configured: it must never write into somebody's database.
        let configured = |path: &'static str| match arguments.ephemeral {
            true => Ok(None),
            false => given(lookup, path, false),
        };
        let source = |flag: &Option<String>, paths: &[&'static str]| match flag {
            Some(url) => Ok(Source::Flag(url.clone())),
            None => {
                let mut source = Source::Own;
                for path in paths {
                    if configured(path)?.is_some() {
                        source = Source::Configured;
                    }
                }
                Ok(source)
            }
        };
        let address =
            |path: &'static str| configured(path)?.map(|text| parse(path, &text)).transpose();
        let listen = |flag: Option<SocketAddr>, path: &'static str, usual: u16| {
            let port = if arguments.ephemeral { 0 } else { usual };
            let default = (Ipv4Addr::LOCALHOST, port).into();
            match flag {
                Some(listen) => Ok(listen),
                None => address(path).map(|configured| configured.unwrap_or(default)),
            }
        };
        Ok(Self {
            home: match arguments.ephemeral {
                true => Home::Temporary,
                false => Home::Folder(arguments.data_dir.clone()),
            },
            redis: source(&arguments.redis_url, &["redis.url", "redis.host"])?,
            postgres: source(&arguments.database_url, &["postgres.url"])?,
            listen: listen(arguments.listen, "ingress.listen", USUAL_PORT)?,
            send_listen: listen(arguments.send_listen, "send.listen", USUAL_SEND_PORT)?,
            make_key: configured("send.keys_file")?.is_none(),
            plane_listen: listen(arguments.admin_listen, "monitor.listen", USUAL_PLANE_PORT)?,
            make_token: configured("monitor.tokens_file")?.is_none(),
            realtime: Realtime {
                listen: listen(
                    arguments.realtime_listen,
                    "realtime.listen",
                    USUAL_REALTIME_PORT,
                )?,
                tokens_listen: listen(
                    arguments.realtime_tokens_listen,
                    "realtime.tokens_listen",
                    USUAL_TOKENS_PORT,
                )?,
                make_key: configured("realtime.keys_file")?.is_none(),
                secret: made_up(lookup, "realtime.secrets", random_secret)?,
                admit_pages: configured("realtime.origins")?.is_none(),
                tell_address: configured("monitor.realtime_url")?.is_none(),
            },
            graph: match (&arguments.graph_url, arguments.sandbox) {
                (Some(url), _) => Graph::Flag(url.clone()),
                (None, true) => Graph::Sandbox,
                (None, false) => Graph::Configured,
            },
            admin: address("admin.listen")?,
            app_secret: made_up(lookup, "whatsapp.app_secrets", random_word)?,
            verify_token: made_up(lookup, "whatsapp.verify_tokens", random_word)?,
        })
    }
}

/// Something random, if the configuration has none.
fn made_up(
    lookup: &Layered,
    path: &str,
    make: fn() -> String,
) -> Result<Option<String>, SettingsError> {
    let given = given(lookup, path, true)?;
    Ok(given.is_none().then(make))
}

/// 122 random bits as letters and digits.
pub(crate) fn random_word() -> String {
    Uuid::new_v4().simple().to_string()
}

/// Twice that: as long as what signs a token has to be.
fn random_secret() -> String {
    random_word() + &random_word()
}

fn parse(path: &str, text: &str) -> Result<SocketAddr, SettingsError> {
    text.parse().map_err(|_| SettingsError::Invalid {
        key: path.to_owned(),
        origin: waypost_settings::Origin::Given(path.to_owned()),
        reason: format!("`{text}` is not an address like 127.0.0.1:8080"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str], environment: &[(&str, &str)]) -> Options {
        use clap::Parser;
        let words = ["waypost", "up"].iter().chain(arguments);
        let cli::Command::Up(up) = cli::Cli::try_parse_from(words).unwrap().command else {
            panic!()
        };
        let environment = environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), *value));
        let lookup = Layered::from_environment(environment, None).unwrap();
        Options::read(&up, &lookup).unwrap()
    }

    #[test]
    fn alone_it_starts_everything_on_loopback() {
        let options = read(&[], &[]);
        assert!(options.redis == Source::Own && options.postgres == Source::Own);
        assert_eq!(options.listen, "127.0.0.1:8080".parse().unwrap());
        assert_eq!(options.home, Home::Folder(".waypost".into()));
        assert!(options.app_secret.is_some() && options.verify_token.is_some());
    }

    #[test]
    fn messages_go_where_it_was_said() {
        assert_eq!(read(&[], &[]).graph, Graph::Configured);
        assert_eq!(read(&["--sandbox"], &[]).graph, Graph::Sandbox);
        let options = read(&["--graph-url", "http://127.0.0.1:1"], &[]);
        assert_eq!(options.graph, Graph::Flag("http://127.0.0.1:1".into()));
        assert_eq!(options.send_listen.port(), USUAL_SEND_PORT);
        assert!(options.make_key);
        assert!(!read(&[], &[("WAYPOST_SEND_KEYS_FILE", "/k")]).make_key);
    }

    #[test]
    fn events_have_an_address_and_a_secret_of_their_own() {
        let realtime = read(&[], &[]).realtime;
        assert_eq!(realtime.listen, "127.0.0.1:8082".parse().unwrap());
        assert_eq!(realtime.tokens_listen, "127.0.0.1:8083".parse().unwrap());
        assert!(realtime.secret.is_some_and(|secret| secret.len() >= 32));
        assert!(realtime.make_key && realtime.admit_pages && realtime.tell_address);
        let configured = [
            ("WAYPOST_REALTIME_LISTEN", "127.0.0.1:99"),
            ("WAYPOST_REALTIME_SECRETS", "s"),
            ("WAYPOST_REALTIME_ORIGINS", "*"),
            ("WAYPOST_MONITOR_REALTIME_URL", "https://rt.example.com"),
        ];
        let realtime = read(&["--realtime-tokens-listen", "127.0.0.1:98"], &configured).realtime;
        assert_eq!(
            (realtime.listen.port(), realtime.tokens_listen.port()),
            (99, 98)
        );
        assert!(realtime.secret.is_none() && realtime.make_key);
        assert!(!realtime.admit_pages && !realtime.tell_address);
        // A page of this run must not connect to somebody's production.
        let realtime = read(&["--ephemeral"], &configured).realtime;
        assert!(realtime.listen.port() == 0 && realtime.tell_address);
    }

    #[test]
    fn secrets_of_the_environment_are_honoured() {
        let options = read(
            &[],
            &[("WHATSAPP_APP_SECRET", "s"), ("WEBHOOK_VERIFY_TOKEN", "t")],
        );
        assert!(options.app_secret.is_none() && options.verify_token.is_none());
    }

    #[test]
    fn configured_servers_are_used_and_old_names_are_not_enough() {
        let options = read(
            &[],
            &[
                ("WAYPOST_REDIS_URL", "redis://h"),
                ("WAYPOST_INGRESS_LISTEN", "127.0.0.1:99"),
            ],
        );
        assert!(options.redis == Source::Configured && options.postgres == Source::Own);
        assert_eq!(options.listen.port(), 99);
        // DATABASE_URL is in many a shell for another program's sake.
        let options = read(
            &[],
            &[("DATABASE_URL", "postgres://h/other"), ("REDIS_HOST", "h")],
        );
        assert!(options.redis == Source::Own && options.postgres == Source::Own);
    }

    #[test]
    fn ephemeral_touches_nothing_that_is_configured() {
        let configured = [
            ("WAYPOST_POSTGRES_URL", "postgres://h/d"),
            ("WAYPOST_INGRESS_LISTEN", "127.0.0.1:99"),
        ];
        let options = read(&["--ephemeral"], &configured);
        assert!(options.postgres == Source::Own);
        assert_eq!(options.listen.port(), 0);
        assert_eq!(options.home, Home::Temporary);
        let options = read(&["--ephemeral", "--redis-url", "redis://h"], &[]);
        assert!(options.redis == Source::Flag("redis://h".into()));
    }
}
