//! A metric as it is declared, and as it is read.

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Desc {
    /// Its name, unit included.
    pub name: &'static str,
    /// What it says, in a sentence.
    pub help: &'static str,
    /// What it counts in.
    pub unit: Unit,
    /// How it moves.
    pub kind: Kind,
}

/// How a metric moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only up, until the process ends.
    Counter,
    /// Up and down.
    Gauge,
    /// How many values fell into which range.
    Histogram,
}

/// What a metric counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    None,
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
    /// A part of one.
    Ratio,
}

/// A metric with its series as they are at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    /// What it is.
    pub desc: Desc,
    /// Its series.
    pub points: Vec<Point>,
}

/// One series at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Names and values of its labels.
    pub labels: Vec<(&'static str, &'static str)>,
    /// Where it stands.
    pub value: Value,
}

/// Where a series stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A whole number that only grows.
    Count(u64),
    /// Any number.
    Level(f64),
    /// A histogram.
    Spread {
        /// Upper bounds of the buckets but the last, which has none.
        bounds: Vec<f64>,
        /// Values in each bucket alone, one bucket more than bounds.
        counts: Vec<u64>,
        /// All values together.
        sum: f64,
    },
}

/// A label for the page of all metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LabelDesc {
    /// Its name.
    pub name: &'static str,
    /// What it can be.
    pub values: Values,
}

/// What a label can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    /// One of these.
    Closed(&'static [&'static str]),
    /// The first so many that come, then `other`.
    Bounded(usize),
}

/// What the registry needs of a metric.
pub(crate) trait Metric: Sync {
    /// What it is.
    fn desc(&self) -> Desc;
    /// What its series are told apart by.
    fn labels(&self) -> Vec<LabelDesc>;
    /// Its series now.
    fn points(&self) -> Vec<Point>;
}

impl Kind {
    /// The word that Prometheus has for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

impl Unit {
    /// Its code in UCUM, which OTLP wants; counts of things have none.
    pub const fn ucum(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Seconds => "s",
            Self::Bytes => "By",
            Self::Ratio => "1",
        }
    }

    /// The word for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Seconds => "seconds",
            Self::Bytes => "bytes",
            Self::Ratio => "ratio",
        }
    }
}

impl Value {
    /// The values counted by a histogram, and of the others where they stand.
    pub fn total(&self) -> f64 {
        match self {
            Self::Count(count) => *count as f64,
            Self::Level(level) => *level,
            Self::Spread { counts, .. } => counts.iter().sum::<u64>() as f64,
        }
    }
}
