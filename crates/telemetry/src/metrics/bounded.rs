//! Labels whose values come while the process runs: the first so many get a place each, all others share `other`.
//!
//! A place is never given back: a series that came back with another meaning would be worse than one that stays. What
//! holds a place is small and `Copy`, so whoever keeps it spares the look into the table.

use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock, PoisonError, RwLock};

use super::family::Values;
use super::label::Label;

/// What does not get a place of its own.
const OTHER: &str = "other";
/// Longer values are nothing that we know.
const LONGEST: usize = 64;

/// The values that have come so far, at most `PLACES` with `other`.
struct Bounded<const PLACES: usize> {
    words: [OnceLock<&'static str>; PLACES],
    places: LazyLock<RwLock<HashMap<&'static str, u16>>>,
}

impl<const PLACES: usize> Bounded<PLACES> {
    const fn new() -> Self {
        Self {
            words: [const { OnceLock::new() }; PLACES],
            places: LazyLock::new(RwLock::default),
        }
    }

    fn place(&self, word: &str) -> u16 {
        // A map that a panicking thread left behind is whole: its one change is an insertion.
        let places = self.places.read().unwrap_or_else(PoisonError::into_inner);
        match places.get(word) {
            Some(place) => *place,
            None if places.len() + 1 >= PLACES || word.len() > LONGEST || word == OTHER => 0,
            None => {
                drop(places);
                self.take(word)
            }
        }
    }

    fn take(&self, word: &str) -> u16 {
        let mut places = self.places.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = places.get(word) {
            return *place;
        }
        let place = places.len() + 1;
        let (Some(slot), Ok(place)) = (self.words.get(place), u16::try_from(place)) else {
            return 0;
        };
        // Kept for as long as the process lives, and there are only so many.
        let word: &'static str = Box::leak(Box::from(word));
        let _ = slot.set(word);
        places.insert(word, place);
        place
    }

    fn word(&self, place: usize) -> Option<&'static str> {
        match place {
            0 => Some(OTHER),
            _ => self.words.get(place)?.get().copied(),
        }
    }
}

macro_rules! bounded {
    ($(#[$about:meta])+ $type:ident: $name:literal, $most:literal, $set:ident) => {
        $(#[$about])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct $type(u16);

        static $set: Bounded<{ $most + 1 }> = Bounded::new();

        impl $type {
            /// Everything that has no place of its own.
            pub const OTHER: Self = Self(0);

            fn named(word: &str) -> Self {
                Self($set.place(word))
            }
        }

        impl Label for $type {
            const NAME: &'static str = $name;
            const COLUMNS: usize = 1;
            const ROWS: usize = $most + 1;

            fn column(self) -> usize {
                0
            }

            fn row(self) -> usize {
                usize::from(self.0)
            }

            fn word(row: usize, _column: usize) -> Option<&'static str> {
                $set.word(row)
            }

            fn values() -> Values {
                Values::Bounded($most)
            }
        }
    };
}

bounded!(
    /// A business number, by its `phone_number_id`.
    Number: "number", 1000, NUMBERS
);
bounded!(
    /// An error code of Meta's. Whether it is one is for the caller to say: what Meta's table does not have is [`Code::OTHER`].
    Code: "code", 256, CODES
);
bounded!(
    /// A method of the admin plane, like `QueueService/GetStats`.
    Method: "method", 64, METHODS
);
bounded!(
    /// A partition of a queue.
    Partition: "partition", 64, PARTITIONS
);
bounded!(
    /// A version of Waypost.
    Version: "version", 1, VERSIONS
);
bounded!(
    /// The name of a service.
    Service: "service", 1, SERVICES
);

impl Number {
    /// The number with this `phone_number_id`.
    pub fn of(phone_number_id: &str) -> Self {
        Self::named(phone_number_id)
    }
}

impl Code {
    /// This code.
    pub fn of(code: i64) -> Self {
        Self::named(&code.to_string())
    }
}

impl Method {
    /// This method.
    pub fn of(method: &str) -> Self {
        Self::named(method)
    }
}

impl Partition {
    /// This partition.
    pub fn of(partition: u16) -> Self {
        Self::named(&partition.to_string())
    }
}

impl Version {
    pub(super) fn of(version: &str) -> Self {
        Self::named(version)
    }
}

impl Service {
    pub(super) fn of(service: &str) -> Self {
        Self::named(service)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_get_a_place_and_the_rest_share_one() {
        let set = Bounded::<4>::new();
        let places: Vec<u16> = ["a", "b", "a", "c", "d", "e", "b"]
            .iter()
            .map(|word| set.place(word))
            .collect();
        assert_eq!(places, [1, 2, 1, 3, 0, 0, 2]);
        assert_eq!(set.word(0), Some("other"));
        assert_eq!(set.word(3), Some("c"));
        assert_eq!(set.word(4), None);
    }

    #[test]
    fn what_cannot_be_a_value_takes_no_place() {
        let set = Bounded::<4>::new();
        assert_eq!(set.place(&"x".repeat(LONGEST + 1)), 0);
        assert_eq!(set.place(OTHER), 0);
        assert_eq!(set.word(1), None);
    }

    #[test]
    fn racing_threads_agree() {
        let set = Bounded::<1001>::new();
        let mut all: Vec<Vec<u16>> = Vec::new();
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| (0..2000).map(|n| set.place(&n.to_string())).collect()))
                .collect();
            all.extend(threads.into_iter().map(|thread| thread.join().unwrap()));
        });
        let taken: std::collections::BTreeSet<u16> = all.iter().flatten().copied().collect();
        assert_eq!(taken.len(), 1001, "a thousand, and `other`");
        for number in 0..2000u16 {
            let word = number.to_string();
            let place = set.place(&word);
            assert!(all.iter().all(|seen| seen[usize::from(number)] == place));
            assert!(place == 0 || set.word(usize::from(place)) == Some(word.as_str()));
        }
    }
}
