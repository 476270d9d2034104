//! The text that Prometheus scrapes.

use std::fmt::{self, Write};

use super::family::{Family, Point, Value};
use super::registry::collect;

/// The `Content-Type` of [`prometheus`].
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Everything that is shown, in Prometheus' text format.
pub fn prometheus() -> String {
    let families = collect();
    let mut text = String::with_capacity(16 * 1024);
    for family in &families {
        // Writing to a String cannot fail.
        let _ = write_family(&mut text, family);
    }
    text
}

fn write_family(text: &mut String, family: &Family) -> fmt::Result {
    let desc = &family.desc;
    let (name, kind) = (desc.name, desc.kind.as_str());
    let help = desc.help.replace('\\', r"\\").replace('\n', r"\n");
    writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}")?;
    for point in &family.points {
        write_point(text, name, point)?;
    }
    Ok(())
}

fn write_point(text: &mut String, name: &str, point: &Point) -> fmt::Result {
    let labels = &point.labels;
    match &point.value {
        Value::Count(count) => {
            write_name(text, name, "", labels, None)?;
            writeln!(text, " {count}")
        }
        Value::Level(level) => {
            write_name(text, name, "", labels, None)?;
            writeln!(text, " {}", Number(*level))
        }
        Value::Spread {
            bounds,
            counts,
            sum,
        } => {
            let bounds = bounds.iter().copied().chain([f64::INFINITY]);
            let mut total = 0;
            for (bound, count) in bounds.zip(counts) {
                total += count;
                write_name(text, name, "_bucket", labels, Some(bound))?;
                writeln!(text, " {total}")?;
            }
            write_name(text, name, "_sum", labels, None)?;
            writeln!(text, " {}", Number(*sum))?;
            write_name(text, name, "_count", labels, None)?;
            writeln!(text, " {total}")
        }
    }
}

fn write_name(
    text: &mut String,
    name: &str,
    suffix: &str,
    labels: &[(&str, &str)],
    bound: Option<f64>,
) -> fmt::Result {
    write!(text, "{name}{suffix}")?;
    let mut open = '{';
    for (label, value) in labels {
        write!(text, "{open}{label}=\"{}\"", Quoted(value))?;
        open = ',';
    }
    if let Some(bound) = bound {
        write!(text, "{open}le=\"{}\"", Number(bound))?;
        open = ',';
    }
    if open == ',' {
        text.push('}');
    }
    Ok(())
}

/// A float as Prometheus writes it.
struct Number(f64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            infinite if infinite == f64::INFINITY => f.write_str("+Inf"),
            infinite if infinite == f64::NEG_INFINITY => f.write_str("-Inf"),
            number => write!(f, "{number}"),
        }
    }
}

/// The value of a label, escaped.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '\\' => f.write_str(r"\\")?,
                '"' => f.write_str("\\\"")?,
                '\n' => f.write_str(r"\n")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::family::{Desc, Kind, Unit};
    use super::*;

    fn text_of(kind: Kind, points: Vec<Point>) -> String {
        let desc = Desc {
            name: "m",
            help: "One\nline, a \\ in it.",
            unit: Unit::None,
            kind,
        };
        let mut text = String::new();
        write_family(&mut text, &Family { desc, points }).unwrap();
        text
    }

    #[test]
    fn lines_and_labels_are_escaped() {
        let points = vec![Point {
            labels: vec![("a", "x\"\\\ny"), ("b", "2")],
            value: Value::Count(3),
        }];
        assert_eq!(
            text_of(Kind::Counter, points),
            "# HELP m One\\nline, a \\\\ in it.\n# TYPE m counter\nm{a=\"x\\\"\\\\\\ny\",b=\"2\"} 3\n"
        );
    }

    #[test]
    fn buckets_add_up_and_end_in_infinity() {
        let points = vec![Point {
            labels: vec![("stage", "parse")],
            value: Value::Spread {
                bounds: vec![0.005, 1.0],
                counts: vec![2, 0, 1],
                sum: 4.5,
            },
        }];
        let text = text_of(Kind::Histogram, points);
        let lines: Vec<&str> = text.lines().skip(2).collect();
        assert_eq!(
            lines,
            [
                "m_bucket{stage=\"parse\",le=\"0.005\"} 2",
                "m_bucket{stage=\"parse\",le=\"1\"} 2",
                "m_bucket{stage=\"parse\",le=\"+Inf\"} 3",
                "m_sum{stage=\"parse\"} 4.5",
                "m_count{stage=\"parse\"} 3",
            ]
        );
    }

    #[test]
    fn a_bare_series_has_no_braces() {
        let points = vec![Point {
            labels: Vec::new(),
            value: Value::Level(f64::INFINITY),
        }];
        assert!(text_of(Kind::Gauge, points).ends_with("\nm +Inf\n"));
    }
}
