//! How values are spread: two atomic additions for each.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use super::family::{Desc, Kind, LabelDesc, Metric, Point, Unit, Value};
use super::label::Labels;
use super::table::Table;

/// A histogram of durations.
pub type Durations<L = (), const ROWS: usize = 1> = Histogram<Time, L, ROWS>;
/// A histogram of whole numbers, such as entries in a batch.
pub type Amounts<L = (), const ROWS: usize = 1> = Histogram<Amount, L, ROWS>;

/// A histogram with fixed buckets and labels `L`.
pub struct Histogram<M: Measure, L: Labels = (), const ROWS: usize = 1> {
    desc: Desc,
    bounds: &'static [u64],
    table: Table<Buckets, ROWS>,
    labels: PhantomData<fn(M, L)>,
}

/// What is measured, as a whole number of its smallest step.
pub trait Measure: 'static {
    /// The unit of the metric.
    const UNIT: Unit;
    /// Steps in a unit.
    const STEPS: f64;
}

/// Durations, in steps of a microsecond: the sum of a year of messages that took a day each still has room.
#[derive(Clone, Copy, Debug)]
pub struct Time;

/// Whole numbers.
#[derive(Clone, Copy, Debug)]
pub struct Amount;

/// One series of a histogram.
pub struct Spread<'a, M> {
    buckets: &'a Buckets,
    bounds: &'static [u64],
    measure: PhantomData<M>,
}

/// Records the time since it was started, when it is dropped.
#[must_use = "it records when it is dropped"]
pub struct Timer<'a> {
    spread: Spread<'a, Time>,
    started: Instant,
}

struct Buckets {
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
}

impl Measure for Time {
    const UNIT: Unit = Unit::Seconds;
    const STEPS: f64 = 1e6;
}

impl Measure for Amount {
    const UNIT: Unit = Unit::None;
    const STEPS: f64 = 1.0;
}

impl<M: Measure, L: Labels, const ROWS: usize> Histogram<M, L, ROWS> {
    /// One with these upper bounds, ascending, in steps.
    pub(super) const fn new(
        name: &'static str,
        help: &'static str,
        bounds: &'static [u64],
    ) -> Self {
        Self {
            desc: Desc {
                name,
                help,
                unit: M::UNIT,
                kind: Kind::Histogram,
            },
            bounds,
            table: Table::new(),
            labels: PhantomData,
        }
    }

    /// The series with these labels. It may be kept.
    pub fn of(&self, labels: L) -> Spread<'_, M> {
        Spread {
            buckets: self.cell(labels.place()),
            bounds: self.bounds,
            measure: PhantomData,
        }
    }

    fn cell(&self, place: (usize, usize)) -> &Buckets {
        let buckets = self.bounds.len() + 1;
        self.table.cell(place, L::COLUMNS, || Buckets {
            counts: (0..buckets).map(|_| AtomicU64::new(0)).collect(),
            sum: AtomicU64::new(0),
        })
    }
}

impl Histogram<Time> {
    /// Records a duration.
    pub fn record(&self, duration: Duration) {
        self.of(()).record(duration);
    }

    /// Records the time since then, see [`Spread::since`].
    pub fn since(&self, then: SystemTime) {
        self.of(()).since(then);
    }

    /// Records the time from now until it is dropped.
    pub fn start(&self) -> Timer<'_> {
        self.of(()).start()
    }
}

impl Histogram<Amount> {
    /// Records an amount.
    pub fn record(&self, amount: usize) {
        self.of(()).record(amount);
    }
}

impl<'a> Spread<'a, Time> {
    /// Records a duration.
    pub fn record(&self, duration: Duration) {
        let micros = duration.as_nanos().saturating_add(500) / 1000;
        self.add(u64::try_from(micros).unwrap_or(u64::MAX));
    }

    /// Records the time since then, which another machine may have noted: what lies ahead of our clock counts as none.
    pub fn since(&self, then: SystemTime) {
        self.record(then.elapsed().unwrap_or_default());
    }

    /// Records the time from now until it is dropped.
    pub fn start(self) -> Timer<'a> {
        Timer {
            spread: self,
            started: Instant::now(),
        }
    }
}

impl Spread<'_, Amount> {
    /// Records an amount.
    pub fn record(&self, amount: usize) {
        self.add(amount as u64);
    }
}

impl<M> Spread<'_, M> {
    fn add(&self, steps: u64) {
        let bucket = self.bounds.partition_point(|bound| *bound < steps);
        // Count and sum are two additions: whoever reads between them is off by one value, once.
        self.buckets.counts[bucket].fetch_add(1, Ordering::Relaxed);
        self.buckets.sum.fetch_add(steps, Ordering::Relaxed);
    }
}

impl Drop for Timer<'_> {
    fn drop(&mut self) {
        self.spread.record(self.started.elapsed());
    }
}

impl<M: Measure, L: Labels, const ROWS: usize> Metric for Histogram<M, L, ROWS> {
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
        let load = |number: &AtomicU64| number.load(Ordering::Relaxed);
        let spread = |buckets: &Buckets| Value::Spread {
            bounds: self
                .bounds
                .iter()
                .map(|bound| *bound as f64 / M::STEPS)
                .collect(),
            counts: buckets.counts.iter().map(load).collect(),
            sum: load(&buckets.sum) as f64 / M::STEPS,
        };
        let cells = self.table.cells();
        cells
            .filter_map(|((row, column), buckets)| {
                Some(Point {
                    labels: L::pairs(row, column)?,
                    value: spread(buckets),
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::label::Stage;
    use super::*;

    const MS: u64 = 1_000;

    #[test]
    fn a_bound_belongs_to_the_bucket_below_it() {
        static HISTOGRAM: Durations = Durations::new("h_seconds", "H.", &[MS, 10 * MS]);
        for micros in [0, 1000, 1001, 10_000, 10_001, 90_000_000] {
            HISTOGRAM.record(Duration::from_micros(micros));
        }
        let Value::Spread {
            bounds,
            counts,
            sum,
        } = HISTOGRAM.points().remove(0).value
        else {
            panic!("not a histogram");
        };
        assert_eq!(bounds, [0.001, 0.01]);
        assert_eq!(counts, [2, 2, 2]);
        assert!((sum - 90.022_002).abs() < 1e-9, "{sum}");
    }

    #[test]
    fn a_timer_records_once_and_the_future_is_no_time_at_all() {
        static HISTOGRAM: Durations<Stage> = Durations::new("h_seconds", "H.", &[MS]);
        drop(HISTOGRAM.of(Stage::Parse).start());
        let ahead = SystemTime::now() + Duration::from_secs(60);
        HISTOGRAM.of(Stage::Persist).since(ahead);
        let points = HISTOGRAM.points();
        let of = |stage: Stage| &points[stage as usize].value;
        assert!((of(Stage::Parse).total() - 1.0).abs() < f64::EPSILON);
        assert!(
            matches!(of(Stage::Persist), Value::Spread { counts, sum, .. } if counts == &[1, 0] && *sum == 0.0)
        );
        assert!(of(Stage::Settle).total() == 0.0);
    }

    #[test]
    fn amounts_are_whole() {
        static HISTOGRAM: Amounts = Amounts::new("h", "H.", &[1, 8]);
        [1, 8, 9]
            .iter()
            .for_each(|amount| HISTOGRAM.record(*amount));
        let value = HISTOGRAM.points().remove(0).value;
        assert!(
            matches!(value, Value::Spread { counts, sum, .. } if counts == [1, 1, 1] && sum == 18.0)
        );
    }
}
