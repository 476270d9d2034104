//! How fast a transport takes what it is given.
//!
//! engineioxide holds up to [`BUFFER`] packets of a session, heartbeats among them. A heartbeat that finds no room ends the session,
//! and what is reserved in order to look for room is room that a heartbeat does not find. So nothing is looked for: it is counted what
//! has been given, and seen how much of it has been taken. A packet is dropped when it is written out; so every now and then one is
//! given of which nobody else has a part, and it has been written, with all before it, when we have the only part left.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use engineioxide::{Str, TransportType};

/// Packets that may wait in a session. More than are ever given: the rest is for heartbeats, for the goodbye and for what the protocol
/// says by itself. Room is only made when it is needed.
pub(super) const BUFFER: usize = 2 * PACKETS + 32;

/// What is given between two marks; up to twice as much may wait.
const PACKETS: usize = 96;
/// The same in bytes. A WebSocket keeps a buffer as large as the largest piece that it ever had to write.
const BYTES: usize = 6 << 10;
/// As far as it grows for a client that polls: what waits goes with one poll, and the next may be a while. It begins like a WebSocket,
/// since most clients poll only until they have become one.
const MOST_BYTES: usize = 128 << 10;

/// Between two looks whether a packet has been taken.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// What a session has been given, and has taken.
pub(super) struct Pace {
    /// Since the last mark.
    packets: usize,
    bytes: usize,
    /// Between two marks.
    most_bytes: usize,
    marks: VecDeque<Mark>,
}

/// A packet that shows whether it has been written out.
pub(super) struct Mark(Bytes);

impl Pace {
    pub(super) fn new() -> Self {
        Self {
            packets: 0,
            bytes: 0,
            most_bytes: BYTES,
            marks: VecDeque::new(),
        }
    }

    /// Whether the session may be given another packet.
    pub(super) fn has_room(&mut self, transport: TransportType) -> bool {
        while self.marks.front().is_some_and(Mark::is_passed) {
            self.marks.pop_front();
            self.most_bytes = match transport {
                TransportType::Websocket => BYTES,
                TransportType::Polling => (self.most_bytes * 2).min(MOST_BYTES),
            };
        }
        self.marks.len() < 2
    }

    /// Counts a packet that is given now. Returns what to give in its place.
    pub(super) fn give(&mut self, packet: Str) -> Str {
        self.packets += 1;
        self.bytes += packet.len();
        if self.packets < PACKETS && self.bytes < self.most_bytes {
            return packet;
        }
        (self.packets, self.bytes) = (0, 0);
        let (packet, mark) = Mark::on(Str::copy_from_slice(&packet));
        self.marks.push_back(mark);
        packet
    }
}

impl Mark {
    /// Marks a packet that nobody else has.
    pub(super) fn on(packet: Str) -> (Str, Self) {
        let mark = Self(Bytes::from(packet.clone()));
        (packet, mark)
    }

    pub(super) fn is_passed(&self) -> bool {
        self.0.is_unique()
    }
}

/// Pauses between looks: short ones first, for most clients read at once.
pub(super) fn pauses() -> impl Iterator<Item = Duration> {
    std::iter::successors(Some(FIRST_PAUSE), |pause| {
        Some((*pause * 2).min(LONGEST_PAUSE))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEBSOCKET: TransportType = TransportType::Websocket;
    const POLLING: TransportType = TransportType::Polling;

    /// Gives as much as there is room for.
    fn fill(pace: &mut Pace, packet: &Str, transport: TransportType) -> VecDeque<Str> {
        let mut given = VecDeque::new();
        while pace.has_room(transport) {
            given.push_back(pace.give(packet.clone()));
        }
        given
    }

    #[test]
    fn no_more_is_given_than_has_room_and_more_when_some_is_taken() {
        let packet = Str::from("2[]");
        let mut pace = Pace::new();
        let mut given = fill(&mut pace, &packet, WEBSOCKET);
        assert_eq!(given.len(), 2 * PACKETS);
        assert!(given.len() < BUFFER);
        given.drain(..PACKETS - 1);
        assert!(!pace.has_room(WEBSOCKET));
        given.pop_front();
        assert_eq!(fill(&mut pace, &packet, WEBSOCKET).len(), PACKETS);
        assert!(!pace.has_room(WEBSOCKET));
        drop(given);
        assert!(pace.has_room(WEBSOCKET));
    }

    #[test]
    fn bytes_count_too_and_more_of_them_for_a_client_that_polls() {
        let packet = Str::from("x".repeat(1 << 10));
        let mut pace = Pace::new();
        let bytes = |given: &VecDeque<Str>| given.len() << 10;
        assert_eq!(bytes(&fill(&mut pace, &packet, WEBSOCKET)), 2 * BYTES);
        let mut polled = 0;
        for _ in 0..10 {
            polled = bytes(&fill(&mut pace, &packet, POLLING));
        }
        // Packets count as well.
        assert_eq!(polled, (2 * PACKETS) << 10);
        fill(&mut pace, &packet, WEBSOCKET);
        assert!(bytes(&fill(&mut pace, &packet, WEBSOCKET)) <= 2 * BYTES);
    }

    #[test]
    fn one_that_is_larger_than_all_room_is_given() {
        let packet = Str::from("x".repeat(3 * MOST_BYTES));
        let mut pace = Pace::new();
        assert_eq!(fill(&mut pace, &packet, POLLING).len(), 2);
    }
}
