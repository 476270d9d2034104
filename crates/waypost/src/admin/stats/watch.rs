//! `waypost stats --watch`: the figures again and again, in place on a terminal, until Ctrl-C.

use std::io;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tonic::Code;
use waypost_rpc::json;
use waypost_rpc::v1::{GetStatsResponse, WatchStatsRequest};

use super::view;
use crate::admin::cli::Stats;
use crate::admin::fault::{Fault, Kind};
use crate::admin::screen;
use crate::admin::session::Session;

/// The cursor hidden, and a screen of its own, so that what was there before comes back at the end.
const ENTER: &str = "\u{1b}[?1049h\u{1b}[?25l";
const LEAVE: &str = "\u{1b}[?25h\u{1b}[?1049l";

/// Between two tries to get the monitor back.
const PAUSE: Duration = Duration::from_secs(1);

/// How a showing ended.
enum End {
    /// By a signal, or because nobody reads any more.
    Wished,
    Failed(Fault),
    /// The monitor went away after it had answered: it may come back.
    Lost(Fault),
}

pub(super) async fn run(session: &Session, arguments: &Stats) -> Result<(), Fault> {
    let listen = |kind| {
        signal(kind).map_err(|error| Fault::new(Kind::Failed, format!("no signals: {error}")))
    };
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    let mut display = Display::enter(session, arguments);
    loop {
        match watch(
            session,
            arguments,
            &mut display,
            &mut interrupt,
            &mut terminate,
        )
        .await
        {
            End::Wished => return Ok(()),
            // A script wants to know; a person wants it back.
            End::Lost(fault) if display.in_place => display.lost(&fault),
            End::Lost(fault) | End::Failed(fault) => {
                drop(display);
                return Err(fault);
            }
        }
        tokio::select! {
            _ = interrupt.recv() => return Ok(()),
            _ = terminate.recv() => return Ok(()),
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

async fn watch(
    session: &Session,
    arguments: &Stats,
    display: &mut Display<'_>,
    interrupt: &mut Signal,
    terminate: &mut Signal,
) -> End {
    tokio::select! {
        _ = interrupt.recv() => End::Wished,
        _ = terminate.recv() => End::Wished,
        end = Box::pin(follow(session, arguments, display)) => end,
    }
}

/// Shows what comes until nothing does.
async fn follow(session: &Session, arguments: &Stats, display: &mut Display<'_>) -> End {
    let request = WatchStatsRequest {
        interval_seconds: arguments.interval.as_secs_f64(),
        include_numbers: arguments.numbers,
        include_consumers: arguments.consumers,
    };
    // Once it has answered, whatever fails is taken for a restart; a refusal is one all the same.
    let end = |fault: Fault, code: Code, display: &Display<'_>| {
        let passing = matches!(
            code,
            Code::Unavailable | Code::Unknown | Code::Cancelled | Code::Internal
        );
        match display.last.is_some() && passing {
            true => End::Lost(fault),
            false => End::Failed(fault),
        }
    };
    let mut client = session.queues();
    let mut answers = match client.watch_stats(request).await {
        Ok(answer) => answer.into_inner(),
        Err(status) => return end(session.fault(&status), status.code(), display),
    };
    loop {
        match answers.message().await {
            Ok(Some(answer)) => {
                if display.show(answer.stats.unwrap_or_default()).is_err() {
                    return End::Wished;
                }
            }
            Ok(None) => {
                let fault = Fault::new(Kind::Failed, "the monitor has ended the watch");
                return end(fault, Code::Unavailable, display);
            }
            Err(status) => return end(session.fault(&status), status.code(), display),
        }
    }
}

/// Leaves the terminal as it was when dropped.
struct Display<'a> {
    session: &'a Session,
    arguments: &'a Stats,
    in_place: bool,
    /// What was shown last stays on the screen at the end.
    last: Option<GetStatsResponse>,
}

impl<'a> Display<'a> {
    fn enter(session: &'a Session, arguments: &'a Stats) -> Self {
        let in_place = session.screen.terminal && !session.screen.json;
        if in_place {
            let _ = screen::write(ENTER);
        }
        Self {
            session,
            arguments,
            in_place,
            last: None,
        }
    }

    fn show(&mut self, stats: GetStatsResponse) -> io::Result<()> {
        let text = match (self.session.screen.json, self.in_place) {
            (true, _) => {
                // As the gateway's lines are.
                let line = waypost_rpc::v1::WatchStatsResponse {
                    stats: Some(stats.clone()),
                };
                format!("{}\n", json::of(&line))
            }
            (false, true) => self.whole_screen(&self.text(&stats), "Ctrl-C ends this."),
            (false, false) => format!("{}\n", self.text(&stats)),
        };
        self.last = Some(stats);
        screen::write(&text)
    }

    /// The figures stay, with a line that says that they are old.
    fn lost(&self, fault: &Fault) {
        if let Some(last) = &self.last {
            let note = format!("Trying again: {fault}");
            let _ = screen::write(&self.whole_screen(&self.text(last), &note));
        }
    }

    fn text(&self, stats: &GetStatsResponse) -> String {
        let look = self.session.screen.look();
        view::view(stats, self.arguments, &self.session.address, &look)
    }

    /// Written over what is there, so that nothing flickers; what does not fit is left out.
    fn whole_screen(&self, text: &str, note: &str) -> String {
        let rows = self.session.screen.size().map_or(24, |(_, rows)| rows);
        let width = self.session.screen.look().width.unwrap_or(80);
        let mut screen = String::from("\u{1b}[H");
        for line in text.lines().take(rows.saturating_sub(2)) {
            screen.push_str(line);
            screen.push_str("\u{1b}[K\r\n");
        }
        let note = crate::admin::text::table::cut(note, width);
        screen.push_str(&format!(
            "\u{1b}[J\r\n{}",
            self.session.screen.look().dim(&note)
        ));
        screen
    }
}

impl Drop for Display<'_> {
    fn drop(&mut self) {
        if self.in_place {
            let last = self.last.as_ref().map(|last| self.text(last));
            let _ = screen::write(&format!("{LEAVE}{}", last.unwrap_or_default()));
        }
    }
}
