//! Refusing names that nobody reads.

use crate::{Key, Lookup, SettingsError};

/// Every section that some Waypost process reads. One file or ConfigMap serves all processes, so a section that
/// is here and that a process does not read itself is not its business; any other is a mistake.
pub const SECTIONS: &[&str] = &[
    "redis",
    "inbox",
    "events",
    "dedup",
    "postgres",
    "webhooks",
    "ingress",
    "spool",
    "tls",
    "worker",
    "admin",
    "log",
    "telemetry",
    "whatsapp",
    "numbers",
    "outbox",
    "send",
    "graph",
    "dispatcher",
    "lanes",
    "limits",
    "breaker",
    "monitor",
    "realtime",
];

/// Sections of which some processes read a few keys, each with a key that only those read which read them all. To the
/// others the rest of the section is not their business.
const SHARED: &[(&str, &str)] = &[("realtime", "realtime.listen")];

/// How many edits away from a key of its own a process takes a name of a shared section for a misspelling.
const MISSPELT: usize = 2;

/// Refuses the first name in `lookup` that is no key of `keys`, unless it lies in a section that only other
/// processes read.
pub fn refuse_unknown(lookup: &dyn Lookup, keys: &[&'static [Key]]) -> Result<(), SettingsError> {
    let known: Vec<&Key> = keys.iter().flat_map(|table| table.iter()).collect();
    for name in lookup.present() {
        let style = Style::of(&name);
        if style == Style::Foreign || known.iter().any(|key| names(key, style, &name)) {
            continue;
        }
        if SECTIONS
            .iter()
            .any(|section| style.is_in(&name, section) && is_others(&name, style, section, &known))
        {
            continue;
        }
        let candidates = known.iter().map(|key| style.name_of(key));
        return Err(SettingsError::Unknown {
            nearest: nearest(&name, candidates),
            name,
        });
    }
    Ok(())
}

/// Whether a name in this section is the business of other processes than the one with these keys.
fn is_others(name: &str, style: Style, section: &str, known: &[&Key]) -> bool {
    let mut own = known.iter().filter(|key| key.section() == section);
    match SHARED.iter().find(|(shared, _)| *shared == section) {
        Some((_, whole)) if !known.iter().any(|key| key.path == *whole) => {
            !own.any(|key| edits(name, &style.name_of(key)) <= MISSPELT)
        }
        _ => own.next().is_none(),
    }
}

/// How a name is written decides what it is compared with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    /// `redis.url`
    Dotted,
    /// `WAYPOST_REDIS_URL`
    Variable,
    /// `REDIS_HOST`: an alias or somebody else's variable; never refused.
    Foreign,
}

impl Style {
    fn of(name: &str) -> Self {
        if name.starts_with("WAYPOST_") {
            Self::Variable
        } else if name.contains('.') || name.chars().any(|c| c.is_ascii_lowercase()) {
            Self::Dotted
        } else {
            Self::Foreign
        }
    }

    fn name_of(self, key: &Key) -> String {
        match self {
            Self::Variable => key.env_name(),
            Self::Dotted | Self::Foreign => key.path.to_owned(),
        }
    }

    fn is_in(self, name: &str, section: &str) -> bool {
        let (rest, separator) = match self {
            Self::Variable => (name.strip_prefix("WAYPOST_").unwrap_or(name), '_'),
            Self::Dotted | Self::Foreign => (name, '.'),
        };
        let Some((head, tail)) = rest.split_at_checked(section.len()) else {
            return false;
        };
        head.eq_ignore_ascii_case(section) && tail.starts_with(separator)
    }
}

fn names(key: &Key, style: Style, name: &str) -> bool {
    let own = style.name_of(key);
    if own == name {
        return true;
    }
    let suffix = if style == Style::Variable {
        "_FILE"
    } else {
        "_file"
    };
    key.secret && name.strip_suffix(suffix) == Some(own.as_str())
}

/// The candidate with the fewest edits, if it is near enough to be a likely misspelling.
fn nearest(name: &str, candidates: impl Iterator<Item = String>) -> Option<String> {
    let (distance, candidate) = candidates
        .map(|candidate| (edits(name, &candidate), candidate))
        .min()?;
    (distance <= (name.len() / 3).max(2)).then_some(candidate)
}

/// Levenshtein distance over bytes; names are ASCII.
fn edits(a: &str, b: &str) -> usize {
    let b = b.as_bytes();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let change = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
