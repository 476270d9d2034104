//! The declaration of one key.

/// One configuration key: its name, its older names, its default and what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Dotted name, as in the TOML file: `redis.url`.
    pub path: &'static str,
    /// Older environment names that still work; the first one set is taken. The key's own name wins over them.
    pub aliases: &'static [&'static str],
    /// Value when nobody sets the key; `None` when there is none.
    pub default: Option<&'static str>,
    /// Masked wherever values are shown, and readable from a file (`*_FILE`).
    pub secret: bool,
    /// One sentence for the operator.
    pub help: &'static str,
}

impl Key {
    /// A key with a default.
    pub const fn new(path: &'static str, default: &'static str, help: &'static str) -> Self {
        Self {
            path,
            aliases: &[],
            default: Some(default),
            secret: false,
            help,
        }
    }

    /// A key that may stay unset.
    pub const fn optional(path: &'static str, help: &'static str) -> Self {
        Self {
            path,
            aliases: &[],
            default: None,
            secret: false,
            help,
        }
    }

    /// A secret. It has no default: nobody should run on a secret that stands in the source.
    pub const fn secret(path: &'static str, help: &'static str) -> Self {
        Self {
            path,
            aliases: &[],
            default: None,
            secret: true,
            help,
        }
    }

    /// Adds older environment names.
    #[must_use]
    pub const fn alias(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    /// The key's environment variable: `redis.url` is `WAYPOST_REDIS_URL`.
    pub fn env_name(&self) -> String {
        let mut name = String::with_capacity(8 + self.path.len());
        name.push_str("WAYPOST_");
        name.extend(self.path.chars().map(|c| match c {
            '.' | '-' => '_',
            c => c.to_ascii_uppercase(),
        }));
        name
    }

    /// The first component of the path: the TOML table the key lives in.
    pub fn section(&self) -> &'static str {
        self.path.split('.').next().unwrap_or(self.path)
    }
}
