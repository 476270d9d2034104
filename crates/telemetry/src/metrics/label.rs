//! What the series of a metric are told apart by.
//!
//! A label is a closed set of words, an enum made by `label!`, or a bounded one that fills up while the process runs
//! ([`Number`] and its like): what strangers send can never make more series than there is room for.

use super::family::{LabelDesc, Values};

pub use super::bounded::{Code, Method, Number, Partition, Service, Version};
pub use super::catalog::labels::*;

/// One label. A series lies at the row of its bounded label and at the column of its closed ones.
pub trait Label: Copy + Send + Sync + 'static {
    /// The label's name.
    const NAME: &'static str;
    /// How many words a closed set has; 1 for a bounded one.
    const COLUMNS: usize;
    /// How many places a bounded set has; 1 for a closed one.
    const ROWS: usize;

    /// Which word of a closed set.
    fn column(self) -> usize;
    /// Which place of a bounded set.
    fn row(self) -> usize;
    /// The word at a place; `None` where nobody has put one yet.
    fn word(row: usize, column: usize) -> Option<&'static str>;
    /// What it can be.
    fn values() -> Values;
}

/// The labels of one metric: none, one, or several as a tuple.
pub trait Labels: Copy + Send + Sync + 'static {
    /// Combinations of the closed ones.
    const COLUMNS: usize;
    /// Combinations of the bounded ones.
    const ROWS: usize;

    /// Row and column of the series.
    fn place(self) -> (usize, usize);
    /// Names and words of the series at a place.
    fn pairs(row: usize, column: usize) -> Option<Vec<(&'static str, &'static str)>>;
    /// What they are.
    fn describe() -> Vec<LabelDesc>;
}

impl Labels for () {
    const COLUMNS: usize = 1;
    const ROWS: usize = 1;

    fn place(self) -> (usize, usize) {
        (0, 0)
    }

    fn pairs(_row: usize, _column: usize) -> Option<Vec<(&'static str, &'static str)>> {
        Some(Vec::new())
    }

    fn describe() -> Vec<LabelDesc> {
        Vec::new()
    }
}

impl<A: Label> Labels for A {
    const COLUMNS: usize = A::COLUMNS;
    const ROWS: usize = A::ROWS;

    fn place(self) -> (usize, usize) {
        (self.row(), self.column())
    }

    fn pairs(row: usize, column: usize) -> Option<Vec<(&'static str, &'static str)>> {
        Some(vec![(A::NAME, A::word(row, column)?)])
    }

    fn describe() -> Vec<LabelDesc> {
        vec![LabelDesc {
            name: A::NAME,
            values: A::values(),
        }]
    }
}

impl<A: Label, B: Label> Labels for (A, B) {
    const COLUMNS: usize = A::COLUMNS * B::COLUMNS;
    const ROWS: usize = A::ROWS * B::ROWS;

    fn place(self) -> (usize, usize) {
        let (a, b) = self;
        (
            a.row() * B::ROWS + b.row(),
            a.column() * B::COLUMNS + b.column(),
        )
    }

    fn pairs(row: usize, column: usize) -> Option<Vec<(&'static str, &'static str)>> {
        let a = A::word(row / B::ROWS, column / B::COLUMNS)?;
        let b = B::word(row % B::ROWS, column % B::COLUMNS)?;
        Some(vec![(A::NAME, a), (B::NAME, b)])
    }

    fn describe() -> Vec<LabelDesc> {
        [A::describe(), B::describe()].concat()
    }
}

impl<A: Label, B: Label, C: Label> Labels for (A, B, C) {
    const COLUMNS: usize = A::COLUMNS * <(B, C)>::COLUMNS;
    const ROWS: usize = A::ROWS * <(B, C)>::ROWS;

    fn place(self) -> (usize, usize) {
        let (a, b, c) = self;
        let (row, column) = (b, c).place();
        (
            a.row() * <(B, C)>::ROWS + row,
            a.column() * <(B, C)>::COLUMNS + column,
        )
    }

    fn pairs(row: usize, column: usize) -> Option<Vec<(&'static str, &'static str)>> {
        let (rows, columns) = (<(B, C)>::ROWS, <(B, C)>::COLUMNS);
        let mut pairs = vec![(A::NAME, A::word(row / rows, column / columns)?)];
        pairs.extend(<(B, C)>::pairs(row % rows, column % columns)?);
        Some(pairs)
    }

    fn describe() -> Vec<LabelDesc> {
        [A::describe(), <(B, C)>::describe()].concat()
    }
}

/// Makes an enum whose values are the words of a label.
macro_rules! label {
    ($(#[$about:meta])+ $type:ident: $name:literal { $($variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$about])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $type {
            $(#[doc = concat!("`", $word, "`")] $variant),+
        }

        impl $type {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word that stands in the label.
            pub const fn as_str(self) -> &'static str {
                Self::WORDS[self as usize]
            }

            /// The value with this word.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }

        impl $crate::metrics::label::Label for $type {
            const NAME: &'static str = $name;
            const COLUMNS: usize = Self::WORDS.len();
            const ROWS: usize = 1;

            fn column(self) -> usize {
                self as usize
            }

            fn row(self) -> usize {
                0
            }

            fn word(_row: usize, column: usize) -> Option<&'static str> {
                Self::WORDS.get(column).copied()
            }

            fn values() -> $crate::metrics::family::Values {
                $crate::metrics::family::Values::Closed(Self::WORDS)
            }
        }
    };
}

pub(crate) use label;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_has_labels_of_its_own() {
        type Three = (Queue, Partition, EntryState);
        let (two, zero) = (Partition::of(2), Partition::of(0));
        let mut seen = std::collections::BTreeSet::new();
        for &queue in Queue::ALL {
            for partition in [two, zero] {
                for &state in EntryState::ALL {
                    let place = (queue, partition, state).place();
                    assert!(place.0 < Three::ROWS && place.1 < Three::COLUMNS);
                    assert!(seen.insert(place));
                    let pairs = Three::pairs(place.0, place.1).unwrap();
                    let number = if partition == two { "2" } else { "0" };
                    assert_eq!(
                        pairs,
                        [
                            ("queue", queue.as_str()),
                            ("partition", number),
                            ("state", state.as_str())
                        ]
                    );
                }
            }
        }
    }

    #[test]
    fn words_survive_the_round_trip() {
        for value in AttemptClass::ALL {
            assert_eq!(AttemptClass::parse(value.as_str()), Some(*value));
        }
        assert_eq!(AttemptClass::parse("perhaps"), None);
    }
}
