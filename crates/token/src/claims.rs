//! What a token says.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Scope;

/// How long a token lasts when nobody says.
pub const TTL: Duration = Duration::from_secs(15 * 60);
/// The shortest: a browser needs a moment to use it.
pub const LEAST_TTL: Duration = Duration::from_secs(60);
/// The longest: it cannot be taken back.
pub const MOST_TTL: Duration = Duration::from_secs(24 * 60 * 60);

/// A token's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// Whom it was issued to, in the issuer's own words. For logs: no secret, nobody's number.
    pub subject: String,
    /// What it lets its bearer see.
    pub scope: Scope,
    /// When it ends; whole seconds.
    pub expires: SystemTime,
    /// Its own id: connections are counted by it.
    pub id: Uuid,
}

impl Claims {
    /// Claims that last `ttl` from now, brought within what is allowed.
    pub fn new(subject: impl Into<String>, scope: Scope, ttl: Duration) -> Self {
        let ttl = ttl.clamp(LEAST_TTL, MOST_TTL);
        Self {
            subject: subject.into(),
            scope,
            expires: whole(SystemTime::now() + ttl),
            id: Uuid::new_v4(),
        }
    }

    /// When it ends, in seconds since 1970.
    pub fn expires_unix(&self) -> u64 {
        let since = self.expires.duration_since(UNIX_EPOCH);
        since.map_or(0, |since| since.as_secs())
    }
}

fn whole(time: SystemTime) -> SystemTime {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    UNIX_EPOCH + Duration::from_secs(since.as_secs())
}

/// The claims as they stand in the token. `num`, `con` and `wab` are ours; the others are registered (RFC 7519, section 4.1).
#[derive(Serialize, Deserialize)]
pub(crate) struct Written {
    sub: String,
    /// phone_number_ids, or `*`.
    num: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    con: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wab: Option<String>,
    exp: u64,
    jti: Uuid,
}

impl From<&Claims> for Written {
    fn from(claims: &Claims) -> Self {
        let (num, con, wab) = match &claims.scope {
            Scope::Everything => (vec!["*".to_owned()], None, None),
            Scope::Numbers { numbers, account } => (numbers.clone(), None, account.clone()),
            Scope::Conversation { number, contact } => (vec![number.clone()], Some(*contact), None),
        };
        Self {
            sub: claims.subject.clone(),
            num,
            con,
            wab,
            exp: claims.expires_unix(),
            jti: claims.id,
        }
    }
}

impl Written {
    /// The claims, if they mean something.
    pub(crate) fn claims(self) -> Option<Claims> {
        Some(Claims {
            subject: self.sub,
            scope: Scope::new(self.num, self.con, self.wab).ok()?,
            expires: UNIX_EPOCH.checked_add(Duration::from_secs(self.exp))?,
            id: self.jti,
        })
    }
}
