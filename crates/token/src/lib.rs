//! The short-lived signed tokens that let a browser see events.
//!
//! A token is a JSON Web Token signed with HS256 (RFC 7519, RFC 7515): one header, one algorithm, a secret that only
//! our own services know. The monitor and the realtime service issue them, the realtime service believes them. In
//! reading order: `settings`, the secrets; `scope`, what a token lets its bearer see; `claims`, what it says; `jwt`, how it is
//! written, signed and read.

mod claims;
mod jwt;
mod scope;
mod settings;

pub use claims::{Claims, LEAST_TTL, MOST_TTL, TTL};
pub use jwt::{Refused, Tokens};
pub use scope::{MOST_NUMBERS, Scope, ScopeFault};
pub use settings::{LEAST_SECRET, TokenSettings};
