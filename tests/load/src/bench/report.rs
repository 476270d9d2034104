//! Figures by name, on the terminal and in a file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result};

/// What was measured.
#[derive(Default)]
pub(super) struct Report {
    figures: BTreeMap<String, f64>,
}

impl Report {
    /// Keeps a figure; the median when there are several.
    pub(super) fn figure(&mut self, name: &str, mut values: Vec<f64>) {
        values.sort_by(f64::total_cmp);
        let Some(median) = values.get(values.len() / 2) else {
            return;
        };
        let all: Vec<_> = values.iter().map(|value| format!("{value:.2}")).collect();
        println!("==> {name} {median:.3}  (rounds: {})", all.join(" "));
        self.figures.insert(name.to_owned(), *median);
    }

    /// Writes `target/bench.json`.
    pub(super) fn write(&self) -> Result<()> {
        // …/target/release/bench
        let program = std::env::current_exe()?;
        let target: PathBuf = program.ancestors().nth(2).context("target folder")?.into();
        let path = target.join("bench.json");
        std::fs::write(&path, serde_json::to_string_pretty(&self.figures)? + "\n")?;
        println!("written to {}", path.display());
        Ok(())
    }
}
