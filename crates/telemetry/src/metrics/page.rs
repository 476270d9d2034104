//! The page docs/METRICS.md, made from the catalogue.

use std::fmt::Write;

use super::catalog::Part;
use super::family::{LabelDesc, Metric, Values};

const HEAD: &str = "\
# Metrics

Every metric of every service. This page is made from the sources (`crates/telemetry/src/metrics/catalog`).

They are served at `GET /metrics` of each service's private listener (`admin.listen`), for Prometheus, and are sent to a collector
over OTLP every `telemetry.interval` when `telemetry.otlp_endpoint` is set, with the same names. A service shows its own part and
the common one. Which service and which copy of it a series comes from is said by Prometheus' `job` and `instance`, and by the
resource attributes `service.name` and `service.instance.id` in OTLP; there is no label for it.

Combinations of closed labels are there from the start, as zero, so that a rate has a beginning. A label whose values come while
the process runs takes so many, in the order in which they come; the rest share `other`. Gauges that are read from elsewhere are
absent until they have been read. All times are in seconds.
";

/// The text of docs/METRICS.md.
pub fn markdown() -> String {
    let mut page = HEAD.to_owned();
    for part in Part::ALL {
        // Writing to a String cannot fail.
        let _ = writeln!(
            page,
            "\n## {}\n\n| metric | kind | labels | meaning |\n| --- | --- | --- | --- |",
            part.title()
        );
        for metric in part.metrics() {
            let _ = writeln!(page, "{}", row(*metric));
        }
    }
    page
}

fn row(metric: &dyn Metric) -> String {
    let desc = metric.desc();
    let labels: Vec<String> = metric.labels().iter().map(label).collect();
    format!(
        "| `{}` | {} | {} | {} |",
        desc.name,
        desc.kind.as_str(),
        labels.join("; "),
        desc.help.replace('|', "\\|")
    )
}

fn label(label: &LabelDesc) -> String {
    match label.values {
        Values::Closed(words) => {
            let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
            format!("`{}`: {}", label.name, words.join(", "))
        }
        Values::Bounded(most) => format!("`{}`: at most {most}", label.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_in_docs_is_current() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/METRICS.md");
        let written = std::fs::read_to_string(file).unwrap_or_default();
        assert!(
            written == markdown(),
            "docs/METRICS.md is out of date: run `make docs-metrics`"
        );
    }

    #[test]
    fn a_row_says_name_kind_labels_and_meaning() {
        let page = markdown();
        assert!(page.contains(
            "| `waypost_realtime_clients` | gauge | `transport`: `sse`, `websocket`, `polling` | Browsers connected. |"
        ));
        assert!(page.contains("`number`: at most 1000"));
    }
}
