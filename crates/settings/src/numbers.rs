//! The file of business numbers: one TOML table a number, named by Meta's `phone_number_id`.
//!
//! ```toml
//! [106540352242922]
//! token = "EAAG…"           # else whatsapp.api_token
//! app_secret = "…"          # adds appsecret_proof to each request
//! account = "102290129340398"
//! limit = 80                # messages a second
//! display_phone_number = "15550783881"
//! ```
//!
//! It holds secrets, so it is a file to mount and no part of the configuration; [`Watched`] follows it while it changes.

mod watch;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use toml::{Table, Value};

use crate::{Key, Lookup, Reader, SettingsError, file};

pub use watch::{Keeper, Watched};

/// Where the file of numbers is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NumbersSettings {
    /// The file; without one, no number has anything of its own.
    pub file: Option<PathBuf>,
}

/// The numbers of one file, checked.
#[derive(Clone, Debug, Default)]
pub struct NumbersFile {
    numbers: BTreeMap<String, Number>,
}

/// What is known of one business number.
#[derive(Clone, Default)]
pub struct Number {
    /// Token for the Graph API.
    pub token: Option<SecretString>,
    /// Secret of the app that the token belongs to.
    pub app_secret: Option<SecretString>,
    /// WhatsApp Business Account.
    pub account: Option<String>,
    /// Messages a second.
    pub limit: Option<f64>,
    /// The number as people see it, digits only.
    pub display_phone_number: Option<String>,
}

impl NumbersSettings {
    /// The keys of the section `[numbers]`.
    pub const KEYS: &'static [Key] = &[Key::optional(
        "numbers.file",
        "TOML file with a table for each business number (by phone_number_id): token, app_secret, account, limit, display_phone_number. Read again when it changes.",
    )];

    /// Reads the section. The file itself is read by [`NumbersFile::load`] or [`Watched::open`].
    pub fn from_lookup(lookup: &dyn Lookup) -> Result<Self, SettingsError> {
        let file = Reader::new(lookup, Self::KEYS).opt_path("numbers.file")?;
        Ok(Self { file })
    }
}

impl NumbersFile {
    /// Reads and checks the file.
    pub fn load(path: &Path) -> Result<Self, SettingsError> {
        Self::parse(path, &file::text(path)?)
    }

    /// Checks what the file says; `path` is for messages.
    pub(crate) fn parse(path: &Path, text: &str) -> Result<Self, SettingsError> {
        let mut numbers = BTreeMap::new();
        for (id, value) in file::table(path, text)? {
            let number = Number::read(&id, &value).map_err(|reason| SettingsError::Syntax {
                path: path.to_owned(),
                line: 0,
                reason,
            })?;
            numbers.insert(id, number);
        }
        Ok(Self { numbers })
    }

    /// What is known of a number, by `phone_number_id`.
    pub fn get(&self, id: &str) -> Option<&Number> {
        self.numbers.get(id)
    }

    /// All numbers with their `phone_number_id`, in its order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Number)> {
        self.numbers
            .iter()
            .map(|(id, number)| (id.as_str(), number))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }
}

impl Number {
    fn read(id: &str, value: &Value) -> Result<Self, String> {
        if !is_digits(id) {
            return Err(format!(
                "`[{id}]`: want a phone_number_id of Meta's, digits only"
            ));
        }
        let Value::Table(table) = value else {
            return Err(format!("`{id}`: want a table, written [{id}]"));
        };
        if let Some(name) = table.keys().find(|name| !FIELDS.contains(&name.as_str())) {
            return Err(format!(
                "`{id}.{name}` is not known; want {}",
                FIELDS.join(", ")
            ));
        }
        Ok(Self {
            token: secret(id, table, "token")?,
            app_secret: secret(id, table, "app_secret")?,
            account: digits(id, table, "account")?,
            limit: limit(id, table)?,
            display_phone_number: digits(id, table, "display_phone_number")?,
        })
    }
}

const FIELDS: &[&str] = &[
    "token",
    "app_secret",
    "account",
    "limit",
    "display_phone_number",
];

/// Text that goes into a header or a MAC: a stray blank or newline in it is an accident of copying.
fn secret(id: &str, table: &Table, name: &str) -> Result<Option<SecretString>, String> {
    match table.get(name) {
        None => Ok(None),
        Some(Value::String(text))
            if !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic()) =>
        {
            Ok(Some(SecretString::from(text.clone())))
        }
        // The value stays out of the message.
        Some(_) => Err(format!(
            "`{id}.{name}`: want a text without blanks or control characters, not empty"
        )),
    }
}

fn digits(id: &str, table: &Table, name: &str) -> Result<Option<String>, String> {
    let text = match table.get(name) {
        None => return Ok(None),
        Some(Value::String(text)) => text.strip_prefix('+').unwrap_or(text).to_owned(),
        Some(Value::Integer(number)) => number.to_string(),
        Some(_) => String::new(),
    };
    if is_digits(&text) {
        Ok(Some(text))
    } else {
        Err(format!("`{id}.{name}`: want digits only"))
    }
}

fn limit(id: &str, table: &Table) -> Result<Option<f64>, String> {
    let limit = match table.get("limit") {
        None => return Ok(None),
        Some(Value::Float(limit)) => *limit,
        // Limits are small; one beyond the precision of a double would be a mistake anyway.
        Some(Value::Integer(limit)) => *limit as f64,
        Some(_) => f64::NAN,
    };
    if limit.is_finite() && limit > 0.0 {
        Ok(Some(limit))
    } else {
        Err(format!(
            "`{id}.limit`: want messages a second, a number above 0"
        ))
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

// Says which fields are there, and not what they hold: a number as people see it is personal too.
impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Number")
            .field("token", &self.token.is_some())
            .field("app_secret", &self.app_secret.is_some())
            .field("account", &self.account)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

/// Two files are the same when they say the same.
impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        let exposed = |secret: &Option<SecretString>| {
            secret
                .as_ref()
                .map(|secret| secret.expose_secret().to_owned())
        };
        exposed(&self.token) == exposed(&other.token)
            && exposed(&self.app_secret) == exposed(&other.app_secret)
            && self.account == other.account
            && self.limit == other.limit
            && self.display_phone_number == other.display_phone_number
    }
}

impl PartialEq for NumbersFile {
    fn eq(&self, other: &Self) -> bool {
        self.numbers == other.numbers
    }
}
