//! Where answers go: standard output, as text or as JSON.

use std::io::{self, IsTerminal, Write};

use prost::{Message, Name};
use waypost_rpc::json;

use super::text::{Look, Paint, time};

/// What standard output is, seen once at the start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Screen {
    pub(crate) json: bool,
    pub(crate) terminal: bool,
    paint: Paint,
}

impl Screen {
    pub(crate) fn new(json: bool) -> Self {
        let terminal = io::stdout().is_terminal();
        let variable = |name| std::env::var_os(name);
        Self {
            json,
            terminal,
            paint: Paint::choose(
                terminal,
                variable("NO_COLOR").as_deref(),
                variable("TERM").as_deref(),
            ),
        }
    }

    /// Shows an answer: its JSON, or what `view` makes of it.
    pub(crate) fn show<M: Message + Name>(&self, answer: &M, view: impl FnOnce(&Look) -> String) {
        let text = if self.json {
            format!("{:#}\n", json::of(answer))
        } else {
            view(&self.look())
        };
        // A pipe that was closed early (`| head`) has had what it wanted.
        let _ = write(&text);
    }

    /// How things look now: the terminal may have been resized.
    pub(crate) fn look(&self) -> Look {
        Look {
            paint: self.paint,
            width: self.size().map(|(width, _)| width),
            now: time::now(),
        }
    }

    /// Columns and rows, where this is a terminal that knows.
    pub(crate) fn size(&self) -> Option<(usize, usize)> {
        if !self.terminal {
            return None;
        }
        let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
        (size.ws_col > 0 && size.ws_row > 0)
            .then(|| (usize::from(size.ws_col), usize::from(size.ws_row)))
    }
}

/// Writes to standard output and says whether anybody still reads it.
pub(crate) fn write(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Says something beside the answer, which stays alone on standard output.
pub(crate) fn aside(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
