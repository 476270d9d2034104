//! `waypost tail`: events as they happen, until Ctrl-C. When a connection ends, it goes on where it was.
//!
//! `connect` opens a stream, `sse` takes it apart, `line` is what people see of an event.

mod connect;
mod line;
mod sse;

use std::time::{Duration, Instant};

use rand::Rng;
use reqwest::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::cli::{Access, Tail};
use super::fault::{self, Fault, Kind};
use super::screen;
use super::session::Session;
use super::text::{clean, time};
use crate::signals::Signals;
use connect::{Connector, Trouble};
use sse::{Block, Parser, TooLong};

/// The wait after the first failure; doubled each time, with chance in it.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(15);
/// What a server asks for is heeded within these.
const ASKED: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(60));
/// A connection that has lasted so long was a good one: the next failure is a first one again.
const GOOD: Duration = Duration::from_secs(5);

pub(crate) async fn command(
    session: &Session,
    access: &Access,
    arguments: &Tail,
) -> Result<(), Fault> {
    let signals = Signals::listen();
    let mut signals =
        signals.map_err(|error| Fault::new(Kind::Failed, format!("no signals: {error}")))?;
    let connector = Connector::new(session, access, arguments)?;
    let tail = Listener {
        session,
        arguments,
        position: arguments.after.map(|position| position.to_string()),
        shown: 0,
    };
    tokio::select! {
        () = signals.next() => Ok(()),
        ended = Box::pin(tail.run(connector)) => ended,
    }
}

/// What has been shown, and so where to go on.
struct Listener<'a> {
    session: &'a Session,
    arguments: &'a Tail,
    position: Option<String>,
    shown: u64,
}

/// How a connection ended.
enum End {
    /// Enough was shown, or nobody reads any more.
    Done,
    /// It is no stream of events.
    Failed(Fault),
    Lost(Lost),
}

/// The connection is gone.
#[derive(Default)]
struct Lost {
    why: String,
    /// How long the server asks to wait.
    wait: Option<Duration>,
    /// It was to be expected, and nobody needs to know.
    usual: bool,
}

/// The server's last word.
#[derive(Deserialize)]
struct Bye {
    reason: String,
}

impl Listener<'_> {
    async fn run(mut self, mut connector: Connector<'_>) -> Result<(), Fault> {
        let (mut connected, mut failures, mut told) = (false, 0, String::new());
        loop {
            let lost = match connector.open(self.position.as_deref()).await {
                Ok(response) => {
                    connected = true;
                    told.clear();
                    let opened = Instant::now();
                    let end = self.follow(response).await;
                    if opened.elapsed() > GOOD {
                        failures = 0;
                    }
                    match end {
                        End::Done => return Ok(()),
                        End::Failed(fault) => return Err(fault),
                        End::Lost(lost) => lost,
                    }
                }
                Err(Trouble::Lasting(fault)) => return Err(fault),
                // Who has just typed an address wants to know at once that nobody is there.
                Err(Trouble::Passing(why, _)) if !connected => {
                    return Err(Fault::new(Kind::Failed, why));
                }
                Err(Trouble::Passing(why, wait)) => Lost {
                    why,
                    wait,
                    usual: false,
                },
            };
            let asked = lost.wait.map(|wait| wait.clamp(ASKED.0, ASKED.1));
            let wait = asked.unwrap_or_else(|| backoff(failures));
            failures += 1;
            // Once for each reason: an outage may be long.
            if !lost.usual && told != lost.why {
                self.tell(&lost.why, wait);
                told = lost.why;
            }
            sleep(wait).await;
        }
    }

    /// One line beside the events.
    fn tell(&self, why: &str, wait: Duration) {
        let span = time::span(wait.as_secs_f64());
        let position = match &self.position {
            Some(position) => format!(" after {}", clean(position)),
            None => String::new(),
        };
        screen::aside(&format!("waypost: {why}; going on{position} in {span}\n"));
    }

    /// Shows what comes until nothing does.
    async fn follow(&mut self, mut response: Response) -> End {
        let mut parser = Parser::default();
        let lost = |why: String| {
            End::Lost(Lost {
                why,
                ..Lost::default()
            })
        };
        loop {
            let piece = match response.chunk().await {
                Ok(Some(piece)) => piece,
                Ok(None) => {
                    return lost("the realtime service has ended the connection".to_owned());
                }
                Err(error) => {
                    let cause = fault::cause(&error);
                    let cause = clean(&cause);
                    return lost(format!(
                        "the connection to the realtime service is lost: {cause}"
                    ));
                }
            };
            let blocks = match parser.feed(&piece) {
                Ok(blocks) => blocks,
                Err(TooLong) => {
                    let text =
                        "what the realtime service sends is no stream of events: one has no end";
                    return End::Failed(Fault::new(Kind::Failed, text));
                }
            };
            for block in blocks {
                if let Some(end) = self.take(block) {
                    return end;
                }
            }
        }
    }

    /// Shows an event, and remembers where it stood. It says so when this was the last.
    fn take(&mut self, block: Block) -> Option<End> {
        if let Some(data) = block.data {
            let shown = match block.name.as_str() {
                "bye" => return Some(End::Lost(farewell(&data, block.retry))),
                "resync" => self.show_resync(&data),
                name if self.wants(name) => {
                    self.shown += 1;
                    self.show(&data)
                }
                _ => Ok(()),
            };
            if shown.is_err() {
                return Some(End::Done);
            }
        }
        // Only now: what was not shown comes again.
        if block.id.is_some() {
            self.position = block.id;
        }
        let enough = self
            .arguments
            .limit
            .is_some_and(|limit| self.shown >= limit);
        enough.then_some(End::Done)
    }

    fn wants(&self, name: &str) -> bool {
        let kinds = &self.arguments.kinds;
        kinds.is_empty() || kinds.iter().any(|kind| kind.name() == name)
    }

    fn show(&self, json: &str) -> std::io::Result<()> {
        let text = match self.session.screen.json {
            // The event as it came; within strings JSON has no line ends.
            true => format!("{}\n", json.replace('\n', " ")),
            false => line::event(json, self.arguments.text, &self.session.screen.look()),
        };
        screen::write(&text)
    }

    /// Whatever is wished to be seen: without it a gap would look like silence.
    fn show_resync(&self, json: &str) -> std::io::Result<()> {
        let text = match self.session.screen.json {
            true => {
                let mut resync: Value = serde_json::from_str(json).unwrap_or_else(|_| json!({}));
                // On the wire the name says what it is.
                resync["kind"] = json!("resync");
                format!("{resync}\n")
            }
            false => line::resync(json, &self.session.screen.look()),
        };
        screen::write(&text)
    }
}

/// What the server's last word means.
fn farewell(data: &str, wait: Option<Duration>) -> Lost {
    let bye = serde_json::from_str::<Bye>(data);
    let reason = bye.map_or_else(|_| String::new(), |bye| bye.reason);
    let why = match reason.as_str() {
        "slow" => "events came faster than they could be shown",
        "draining" => "the realtime service stops or restarts",
        _ => "the realtime service has ended the connection",
    };
    Lost {
        why: why.to_owned(),
        wait,
        // A token's time is up; the next one is asked for.
        usual: reason == "expired",
    }
}

/// Longer each time, up to a limit, and somewhere between half of it and all.
fn backoff(failures: u32) -> Duration {
    let longest = FIRST_WAIT
        .saturating_mul(2_u32.saturating_pow(failures))
        .min(LONGEST_WAIT);
    longest.mul_f64(rand::rng().random_range(0.5..=1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_a_limit() {
        for failures in [0, 1, 5, 31, 32, u32::MAX] {
            let wait = backoff(failures);
            let longest = (FIRST_WAIT * 2_u32.pow(failures.min(5))).min(LONGEST_WAIT);
            assert!(
                wait >= longest / 2 && wait <= longest,
                "{failures}: {wait:?}"
            );
        }
    }

    #[test]
    fn only_the_end_of_a_token_goes_without_a_word() {
        let bye = farewell(r#"{"reason":"expired","retry_ms":3}"#, None);
        assert!(bye.usual);
        for other in [r#"{"reason":"slow"}"#, r#"{"reason":"new"}"#, "no JSON"] {
            let bye = farewell(other, Some(Duration::from_millis(7)));
            assert!(
                !bye.usual && bye.wait == Some(Duration::from_millis(7)) && !bye.why.is_empty()
            );
        }
    }
}
