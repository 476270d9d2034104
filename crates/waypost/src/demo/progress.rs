//! How far it is: a bar on a terminal, a line for every fifth elsewhere.

use std::cell::Cell;
use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

use crate::terminal;

pub(super) struct Progress {
    total: usize,
    done: Cell<usize>,
    unit: &'static str,
    /// `None` where nobody could see it move.
    bar: Option<ProgressBar>,
}

impl Progress {
    pub(super) fn new(total: usize, unit: &'static str) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(total as u64);
            // A template that does not parse leaves the usual look.
            if let Ok(style) = ProgressStyle::with_template("  {wide_bar} {pos}/{len} {msg} ") {
                bar.set_style(style);
            }
            bar.with_message(unit)
        });
        Self {
            total,
            done: Cell::new(0),
            unit,
            bar,
        }
    }

    pub(super) fn step(&self) {
        let done = self.done.get() + 1;
        self.done.set(done);
        match &self.bar {
            Some(bar) => bar.inc(1),
            None => {
                let fifth = |done: usize| done * 5 / self.total.max(1);
                if fifth(done) > fifth(done - 1) {
                    terminal::line(&format!("  {done} of {} {}", self.total, self.unit));
                }
            }
        }
    }

    pub(super) fn done(&self) {
        if let Some(bar) = &self.bar {
            bar.finish();
        }
    }
}
