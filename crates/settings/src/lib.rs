//! Configuration: a lookup trait over environment and TOML file, with secrets and unknown keys in mind.
//!
//! A key is declared once, in a `&'static [Key]` table beside the struct it fills, under a dotted name:
//! `redis.url` is `url` in the table `[redis]` of the file and `WAYPOST_REDIS_URL` in the environment. The
//! environment wins over the file, and an empty value is the same as none. Every secret can be given as the name
//! of a file instead: `WAYPOST_REDIS_URL_FILE`, or `url_file` in the TOML table.
//!
//! In reading order:
//!
//! - `key`: [`Key`], the declaration.
//! - `lookup`: [`Lookup`], who answers for a key; [`MapLookup`] for tests, which never touches the process
//!   environment.
//! - `layered`: [`Layered`], the real one: environment over file. `file` flattens the TOML.
//! - `reader`: [`Reader`], typed access, over the little grammars of `parse` ("250ms", "3MiB").
//! - `unknown`: [`refuse_unknown`], so that a misspelt key stops the start instead of being ignored.
//! - `effective`: [`effective`], what is in force and from where, with secrets masked.
//! - `numbers`: [`NumbersFile`], the business numbers with their tokens, and [`Watched`], which follows the file.
//! - `whatsapp`: [`WHATSAPP`], the one section that several services read.
//! - `error`: [`SettingsError`]. No variant ever carries the value of a secret.

mod effective;
mod error;
mod file;
mod key;
mod layered;
mod lookup;
mod numbers;
mod parse;
mod reader;
mod unknown;
mod whatsapp;

pub use effective::{MASK, Row, effective};
pub use error::SettingsError;
pub use key::Key;
pub use layered::Layered;
pub use lookup::{Found, Lookup, MapLookup, Origin};
pub use numbers::{Keeper, Number, NumbersFile, NumbersSettings, Watched};
pub use reader::Reader;
pub use secrecy::{ExposeSecret, SecretString};
pub use unknown::{SECTIONS, refuse_unknown};
pub use whatsapp::WHATSAPP;
