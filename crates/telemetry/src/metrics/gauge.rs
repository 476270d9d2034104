//! What goes up and down, and what somebody else counts.

use std::collections::HashSet;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};

use super::family::{Desc, Kind, LabelDesc, Metric, Point, Unit, Value};
use super::label::Labels;
use super::table::Table;

/// A gauge with labels `L`.
///
/// One that is moved by [`Level::inc`] and [`Level::dec`] is zero from the start. One that is set is not shown before: a
/// figure that nobody has read yet is not zero.
pub struct Gauge<L: Labels = (), const ROWS: usize = 1> {
    desc: Desc,
    from_zero: bool,
    table: Table<Level, ROWS>,
    labels: PhantomData<fn(L)>,
}

/// One series of a gauge: the bits of a float, not a number while there is nothing to show.
#[derive(Debug)]
pub struct Level(AtomicU64);

impl<L: Labels, const ROWS: usize> Gauge<L, ROWS> {
    /// One that counts from zero.
    pub(super) const fn moved(name: &'static str, help: &'static str, unit: Unit) -> Self {
        Self::new(name, help, unit, Kind::Gauge, true)
    }

    /// One that is not there before it is set.
    pub(super) const fn given(name: &'static str, help: &'static str, unit: Unit) -> Self {
        Self::new(name, help, unit, Kind::Gauge, false)
    }

    /// A counter that somebody else keeps and that is read now and then.
    pub(super) const fn read(name: &'static str, help: &'static str, unit: Unit) -> Self {
        Self::new(name, help, unit, Kind::Counter, false)
    }

    const fn new(
        name: &'static str,
        help: &'static str,
        unit: Unit,
        kind: Kind,
        from_zero: bool,
    ) -> Self {
        Self {
            desc: Desc {
                name,
                help,
                unit,
                kind,
            },
            from_zero,
            table: Table::new(),
            labels: PhantomData,
        }
    }

    /// The series with these labels. It may be kept.
    pub fn of(&self, labels: L) -> &Level {
        self.cell(labels.place())
    }

    /// Sets these series and takes every other one away, such as those of a number that has gone. For one writer.
    pub fn replace(&self, levels: impl IntoIterator<Item = (L, f64)>) {
        let mut set = HashSet::new();
        for (labels, level) in levels {
            let place = labels.place();
            self.cell(place).set(level);
            set.insert(place);
        }
        for (_, level) in self.table.cells().filter(|(place, _)| !set.contains(place)) {
            level.unset();
        }
    }

    fn cell(&self, place: (usize, usize)) -> &Level {
        let first = if self.from_zero { 0.0 } else { f64::NAN };
        self.table.cell(place, L::COLUMNS, || Level::new(first))
    }
}

impl Gauge {
    /// Sets it.
    pub fn set(&self, level: f64) {
        self.of(()).set(level);
    }

    /// One up.
    pub fn inc(&self) {
        self.of(()).inc();
    }

    /// One down.
    pub fn dec(&self) {
        self.of(()).dec();
    }
}

impl Level {
    fn new(level: f64) -> Self {
        Self(AtomicU64::new(level.to_bits()))
    }

    /// Sets it.
    pub fn set(&self, level: f64) {
        self.0.store(level.to_bits(), Ordering::Relaxed);
    }

    /// Takes it away until it is set again.
    pub fn unset(&self) {
        self.set(f64::NAN);
    }

    /// One up.
    pub fn inc(&self) {
        self.add(1.0);
    }

    /// One down.
    pub fn dec(&self) {
        self.add(-1.0);
    }

    /// So much up, or down.
    pub fn add(&self, more: f64) {
        let add = |bits| {
            let level = f64::from_bits(bits);
            let level = if level.is_nan() { 0.0 } else { level };
            Some((level + more).to_bits())
        };
        // The closure always says yes, so neither does this fail.
        let _ = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    /// Where it stands, if it is shown.
    pub fn get(&self) -> Option<f64> {
        Some(f64::from_bits(self.0.load(Ordering::Relaxed))).filter(|level| !level.is_nan())
    }
}

impl<L: Labels, const ROWS: usize> Metric for Gauge<L, ROWS> {
    fn desc(&self) -> Desc {
        self.desc
    }

    fn labels(&self) -> Vec<LabelDesc> {
        L::describe()
    }

    fn points(&self) -> Vec<Point> {
        if ROWS == 1 {
            self.cell((0, 0));
        }
        let cells = self.table.cells();
        cells
            .filter_map(|((row, column), level)| {
                Some(Point {
                    value: Value::Level(level.get()?),
                    labels: L::pairs(row, column)?,
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::label::{EntryState, Number, Transport};
    use super::*;

    #[test]
    fn what_is_moved_begins_at_zero_and_what_is_set_is_absent_before() {
        let moved = Gauge::<Transport>::moved("g", "G.", Unit::None);
        assert_eq!(moved.points().len(), Transport::ALL.len());
        moved.of(Transport::Sse).inc();
        moved.of(Transport::Sse).inc();
        moved.of(Transport::Sse).dec();
        assert_eq!(moved.of(Transport::Sse).get(), Some(1.0));

        let set: Gauge = Gauge::given("g", "G.", Unit::None);
        assert!(set.points().is_empty());
        set.set(4.0);
        assert_eq!(set.points()[0].value, Value::Level(4.0));
        set.of(()).unset();
        assert!(set.points().is_empty());
    }

    #[test]
    fn replacing_takes_the_others_away() {
        const ROWS: usize = <(Number, EntryState) as Labels>::ROWS;
        let gauge = Gauge::<(Number, EntryState), ROWS>::given("g", "G.", Unit::None);
        let series = |name| (Number::of(name), EntryState::Waiting);
        gauge.replace([(series("500201"), 1.0), (series("500202"), 2.0)]);
        gauge.replace([(series("500202"), 3.0)]);
        let points = gauge.points();
        assert_eq!(points.len(), 1);
        assert_eq!(
            points[0].labels,
            [("number", "500202"), ("state", "waiting")]
        );
        assert_eq!(points[0].value, Value::Level(3.0));
    }
}
