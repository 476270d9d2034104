//! The TOML file, flattened to dotted names and text.

use std::collections::BTreeMap;
use std::path::Path;

use toml::{Table, Value};

use crate::SettingsError;

/// Reads and flattens the file: `[redis] url = "…"` becomes `redis.url`; a list becomes its items with commas.
pub(crate) fn read(path: &Path) -> Result<BTreeMap<String, String>, SettingsError> {
    let table = table(path, &text(path)?)?;
    let mut values = BTreeMap::new();
    flatten("", &table, &mut values).map_err(|reason| SettingsError::Syntax {
        path: path.to_owned(),
        line: 0,
        reason,
    })?;
    Ok(values)
}

/// The text of a file.
pub(crate) fn text(path: &Path) -> Result<String, SettingsError> {
    std::fs::read_to_string(path).map_err(|source| SettingsError::File {
        path: path.to_owned(),
        source,
    })
}

/// The TOML of a text; `path` is for the message.
pub(crate) fn table(path: &Path, text: &str) -> Result<Table, SettingsError> {
    text.parse().map_err(|error: toml::de::Error| {
        // Not the error's Display: that quotes the line, and the line may hold a secret.
        SettingsError::Syntax {
            path: path.to_owned(),
            line: error.span().map_or(0, |span| line_of(text, span.start)),
            reason: error.message().to_owned(),
        }
    })
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes()
        .take(offset)
        .filter(|byte| *byte == b'\n')
        .count()
        + 1
}

fn flatten(prefix: &str, table: &Table, into: &mut BTreeMap<String, String>) -> Result<(), String> {
    for (name, value) in table {
        let path = match prefix {
            "" => name.clone(),
            prefix => format!("{prefix}.{name}"),
        };
        match value {
            Value::Table(table) => flatten(&path, table, into)?,
            Value::Array(items) => {
                let items: Option<Vec<String>> = items.iter().map(list_item).collect();
                let items = items.ok_or_else(|| {
                    format!(
                        "`{path}`: a list may hold only texts without commas, numbers and booleans"
                    )
                })?;
                into.insert(path, items.join(","));
            }
            value => {
                let text = scalar(value)
                    .ok_or_else(|| format!("`{path}`: not a value that any key takes"))?;
                into.insert(path, text);
            }
        }
    }
    Ok(())
}

fn list_item(value: &Value) -> Option<String> {
    scalar(value).filter(|text| !text.contains(','))
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        Value::Boolean(flag) => Some(flag.to_string()),
        Value::Datetime(time) => Some(time.to_string()),
        Value::Array(_) | Value::Table(_) => None,
    }
}
