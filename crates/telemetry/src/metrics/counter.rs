//! What only grows.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};

use super::family::{Desc, Kind, LabelDesc, Metric, Point, Unit, Value};
use super::label::Labels;
use super::table::Table;

/// A counter with labels `L`. Shown as zero from the start, unless a label's values come only while the process runs.
pub struct Counter<L: Labels = (), const ROWS: usize = 1> {
    desc: Desc,
    table: Table<Count, ROWS>,
    labels: PhantomData<fn(L)>,
}

/// One series of a counter.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl<L: Labels, const ROWS: usize> Counter<L, ROWS> {
    pub(super) const fn new(name: &'static str, help: &'static str, unit: Unit) -> Self {
        let kind = Kind::Counter;
        Self {
            desc: Desc {
                name,
                help,
                unit,
                kind,
            },
            table: Table::new(),
            labels: PhantomData,
        }
    }

    /// The series with these labels. It may be kept.
    pub fn of(&self, labels: L) -> &Count {
        self.table.cell(labels.place(), L::COLUMNS, Count::default)
    }
}

impl Counter {
    /// One more.
    pub fn inc(&self) {
        self.add(1);
    }

    /// So many more.
    pub fn add(&self, more: u64) {
        self.of(()).add(more);
    }

    /// How many so far.
    pub fn get(&self) -> u64 {
        self.of(()).get()
    }
}

impl Count {
    /// One more.
    pub fn inc(&self) {
        self.add(1);
    }

    /// So many more.
    pub fn add(&self, more: u64) {
        // Nothing else is inferred from the number, so no order is needed.
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// How many so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl<L: Labels, const ROWS: usize> Metric for Counter<L, ROWS> {
    fn desc(&self) -> Desc {
        self.desc
    }

    fn labels(&self) -> Vec<LabelDesc> {
        L::describe()
    }

    fn points(&self) -> Vec<Point> {
        if ROWS == 1 {
            self.table.cell((0, 0), L::COLUMNS, Count::default);
        }
        let cells = self.table.cells();
        cells
            .filter_map(|((row, column), count)| {
                Some(Point {
                    labels: L::pairs(row, column)?,
                    value: Value::Count(count.get()),
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::label::{AttemptClass, Number, WebhookResult};
    use super::*;

    #[test]
    fn closed_labels_are_there_from_the_start() {
        let counter = Counter::<WebhookResult>::new("c_total", "C.", Unit::None);
        let points = counter.points();
        assert_eq!(points.len(), WebhookResult::ALL.len());
        assert!(points.iter().all(|point| point.value == Value::Count(0)));
        counter.of(WebhookResult::Invalid).add(3);
        let invalid = counter
            .points()
            .into_iter()
            .find(|point| point.value == Value::Count(3));
        assert_eq!(invalid.unwrap().labels, [("result", "invalid")]);
    }

    #[test]
    fn bounded_labels_come_with_their_whole_row() {
        const ROWS: usize = <(AttemptClass, Number) as Labels>::ROWS;
        let counter = Counter::<(AttemptClass, Number), ROWS>::new("c_total", "C.", Unit::None);
        assert!(counter.points().is_empty());
        counter.of((AttemptClass::Done, Number::of("500100"))).inc();
        let points = counter.points();
        assert_eq!(points.len(), AttemptClass::ALL.len());
        assert!(
            points
                .iter()
                .all(|point| point.labels[1] == ("number", "500100"))
        );
    }

    #[test]
    fn threads_lose_nothing() {
        static COUNTER: Counter = Counter::new("c_total", "C.", Unit::None);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..10_000).for_each(|_| COUNTER.inc()));
            }
        });
        assert_eq!(COUNTER.get(), 40_000);
    }
}
