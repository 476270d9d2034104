//! `waypost config`: what is in force, or every key as a page.

use std::fmt::Write;
use std::path::Path;

use waypost_settings::{Key, Lookup, Origin, Row, SettingsError, effective};
use waypost_store::StoreSettings;
use waypost_telemetry::{LogSettings, TelemetrySettings, metrics};

use crate::{cli, keys, settings, terminal};

const PAGE_HEAD: &str = "\
# Configuration

Every key of every part of Waypost. This page is made from the sources by `make docs-config`.

A key `section.name` is `name` in the table `[section]` of a TOML file and `WAYPOST_SECTION_NAME` in the environment. The file
is named by `--config` or `WAYPOST_CONFIG`; the environment wins over it; an empty value is the same as none. One file or
ConfigMap serves all processes: each reads its own sections and leaves the others alone. Names that nobody knows are refused
at the start, with the nearest known one.

A secret can also be given as the name of a file that holds it: `WAYPOST_REDIS_URL_FILE`, or `url_file` in the TOML table.
`waypost config` shows what is in force and where it comes from, with secrets masked.

Durations are written like `250ms`, `10s`, `5m`, `7d`; sizes like `512`, `8KiB`, `3MiB`.
";

pub(crate) fn command(arguments: &cli::Config, file: Option<&Path>) -> anyhow::Result<()> {
    if arguments.markdown {
        terminal::out(&page());
        return Ok(());
    }
    if arguments.openapi {
        terminal::out(&format!("{:#}\n", waypost_monitor::openapi()));
        return Ok(());
    }
    if arguments.metrics {
        terminal::out(&metrics::markdown());
        return Ok(());
    }
    let lookup = settings::load(file)?;
    let rows = effective(&lookup, &keys::all())?;
    terminal::out(&if arguments.json {
        as_json(&rows)?
    } else {
        as_table(&rows)
    });
    check(&lookup)?;
    Ok(())
}

/// Refuses what a service would refuse at its start. A required key that is not set is no mistake here: this command
/// is also there to find out what has to be set.
fn check(lookup: &dyn Lookup) -> Result<(), SettingsError> {
    let verdicts = [
        waypost_ingress::Config::from_lookup(lookup).map(drop),
        waypost_worker::Config::from_lookup(lookup).map(drop),
        waypost_dispatcher::Config::from_lookup(lookup).map(drop),
        waypost_monitor::Config::from_lookup(lookup).map(drop),
        waypost_realtime::Config::from_lookup(lookup).map(drop),
        StoreSettings::from_lookup(lookup).map(drop),
        LogSettings::from_lookup(lookup).map(drop),
        TelemetrySettings::from_lookup(lookup).map(drop),
    ];
    for verdict in verdicts {
        match verdict {
            Ok(())
            | Err(
                SettingsError::Missing { .. }
                | SettingsError::Invalid {
                    origin: Origin::Unset,
                    ..
                },
            ) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn as_table(rows: &[Row]) -> String {
    let width = |text: fn(&Row) -> &str| rows.iter().map(|row| text(row).len()).max().unwrap_or(0);
    let (paths, values) = (width(|row| row.path), width(|row| &row.value).min(48));
    let mut table = String::new();
    for row in rows {
        // Writing to a String cannot fail.
        let _ = writeln!(
            table,
            "{:paths$}  {:values$}  {}",
            row.path, row.value, row.origin
        );
    }
    table
}

fn as_json(rows: &[Row]) -> Result<String, serde_json::Error> {
    let rows: Vec<_> = rows
        .iter()
        .map(|row| {
            serde_json::json!({
                "key": row.path,
                "value": row.value,
                "origin": row.origin.to_string(),
                "help": row.help,
            })
        })
        .collect();
    Ok(serde_json::to_string_pretty(&rows)? + "\n")
}

/// The text of docs/CONFIG.md.
fn page() -> String {
    // Several tables may share a section; on the page it is one.
    let mut sections: Vec<(&str, Vec<String>)> = Vec::new();
    for key in keys::all().into_iter().flatten() {
        match sections
            .iter_mut()
            .find(|(section, _)| *section == key.section())
        {
            Some((_, rows)) => rows.push(row(key)),
            None => sections.push((key.section(), vec![row(key)])),
        }
    }
    let mut page = PAGE_HEAD.to_owned();
    for (section, rows) in sections {
        // Writing to a String cannot fail.
        let _ = writeln!(
            page,
            "\n## {section}\n\n| key | environment | default | meaning |\n| --- | --- | --- | --- |"
        );
        let _ = writeln!(page, "{}", rows.join("\n"));
    }
    page
}

fn row(key: &Key) -> String {
    let mut names = vec![format!("`{}`", key.env_name())];
    names.extend(key.aliases.iter().map(|alias| format!("`{alias}`")));
    let default = key
        .default
        .map_or_else(String::new, |default| format!("`{default}`"));
    let secret = if key.secret { "Secret. " } else { "" };
    let help = key.help.replace('|', "\\|");
    format!(
        "| `{}` | {} | {default} | {secret}{help} |",
        key.path,
        names.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_in_docs_is_current() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/CONFIG.md");
        let written = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(
            written == page(),
            "docs/CONFIG.md is out of date: run `make docs-config`"
        );
    }
}
