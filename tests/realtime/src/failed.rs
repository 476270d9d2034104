use std::fmt;

use serde_json::Value;

/// Why there is no connection.
#[derive(Clone, Debug)]
pub enum Failed {
    /// Nobody answers.
    Unreachable(String),
    /// An HTTP answer other than was hoped for.
    Refused {
        /// The status.
        status: u16,
        /// The body, `null` when it is no JSON.
        problem: Value,
        /// What `Retry-After` says.
        retry_after: Option<String>,
    },
    /// A `CONNECT_ERROR` of Socket.IO.
    NotConnected(Value),
}

impl Failed {
    /// What whoever asked is told: the status of HTTP, or the code of Socket.IO.
    ///
    /// # Panics
    /// When nobody answered.
    pub fn code(&self) -> String {
        match self {
            Self::Unreachable(why) => panic!("nobody answered: {why}"),
            Self::Refused { status, .. } => status.to_string(),
            Self::NotConnected(error) => error["data"]["code"].as_str().unwrap_or("").to_owned(),
        }
    }

    /// The sentence for humans.
    pub fn sentence(&self) -> &str {
        let member = match self {
            Self::Unreachable(why) => return why,
            Self::Refused { problem, .. } => &problem["detail"],
            Self::NotConnected(error) => &error["message"],
        };
        member.as_str().unwrap_or_default()
    }
}

impl From<std::io::Error> for Failed {
    fn from(error: std::io::Error) -> Self {
        Self::Unreachable(error.to_string())
    }
}

impl From<hyper::Error> for Failed {
    fn from(error: hyper::Error) -> Self {
        Self::Unreachable(error.to_string())
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}
