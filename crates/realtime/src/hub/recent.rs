//! The newest events.

use std::collections::VecDeque;
use std::sync::Arc;

use waypost_queue::Position;

use super::frame::Frame;

/// How many are kept: what a busy system publishes while a browser reconnects.
pub(super) const KEPT: usize = 4096;
/// And how many bytes they may have, as server-sent events.
const BYTES: usize = 32 << 20;

/// A piece of the stream's end, without gaps.
#[derive(Default)]
pub(super) struct Recent {
    frames: VecDeque<Arc<Frame>>,
    bytes: usize,
    /// Every event after this one, and up to `head`, is here.
    from: Position,
    head: Position,
}

impl Recent {
    /// Starts anew: `frames` is all that there is after `from`.
    pub(super) fn restart(&mut self, from: Position, head: Position, frames: Vec<Arc<Frame>>) {
        self.frames = VecDeque::new();
        self.bytes = 0;
        self.from = from;
        self.extend(frames);
        self.head = head;
    }

    /// Adds what comes next.
    pub(super) fn extend(&mut self, frames: Vec<Arc<Frame>>) {
        if let Some(last) = frames.last() {
            self.head = last.position();
        }
        self.bytes += frames.iter().map(|frame| frame.sse().len()).sum::<usize>();
        self.frames.extend(frames);
        while self.frames.len() > KEPT || self.bytes > BYTES {
            let Some(oldest) = self.frames.pop_front() else {
                break;
            };
            self.bytes -= oldest.sse().len();
            self.from = oldest.position();
        }
    }

    /// An event was read that is none.
    pub(super) fn pass(&mut self, position: Position) {
        self.head = self.head.max(position);
    }

    /// Up to where everything has been handed out.
    pub(super) fn head(&self) -> Position {
        self.head
    }

    /// All after `position`, if they are still here; `None` when only the stream has them.
    pub(super) fn after(&self, position: Position) -> Option<impl Iterator<Item = &Arc<Frame>>> {
        let here = (self.from..=self.head).contains(&position);
        let start = || {
            self.frames
                .partition_point(|frame| frame.position() <= position)
        };
        here.then(|| self.frames.range(start()..))
    }
}

#[cfg(test)]
mod tests {
    use super::super::frame::tests::event;
    use super::*;

    fn frames(range: std::ops::Range<usize>) -> Vec<Arc<Frame>> {
        range
            .map(|at| Frame::new(&event(&format!("{at}-0"), "1", "{}")).unwrap())
            .collect()
    }

    fn at(millis: usize) -> Position {
        format!("{millis}-0").parse().unwrap()
    }

    #[test]
    fn it_has_all_after_a_position_or_says_that_it_has_not() {
        let mut recent = Recent::default();
        recent.restart(at(10), at(12), frames(11..13));
        recent.extend(frames(13..KEPT));
        let count = |recent: &Recent, position| recent.after(position).map(Iterator::count);
        assert_eq!(count(&recent, at(9)), None);
        assert_eq!(count(&recent, at(10)), Some(KEPT - 11));
        assert_eq!(count(&recent, at(KEPT - 1)), Some(0));
        assert_eq!(count(&recent, at(KEPT)), None, "that is yet to come");
        recent.extend(frames(KEPT..KEPT + 100));
        assert_eq!(count(&recent, at(10)), None);
        assert_eq!(recent.frames.len(), KEPT);
        assert_eq!(count(&recent, recent.from), Some(KEPT));
        assert_eq!(recent.head(), at(KEPT + 99));
    }
}
