//! What can go wrong with Redis, and what to do about it.

use waypost_telemetry::metrics::common;

use crate::envelope::EnvelopeError;

/// An error of the queue. [`QueueError::is_transient`] says whether waiting can mend it.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// Redis could not be asked, or did not answer.
    #[error("Redis: {}", brief(.0))]
    Redis(#[source] redis::RedisError),
    /// The address of Redis cannot be used.
    #[error("redis.url is not usable: {0}")]
    Address(String),
    /// Redis would lose what it is given. See `docs/CONFIG.md`, key `redis.allow_unsafe`.
    #[error(
        "Redis is not safe for a queue: {0}. Mend it, or set redis.allow_unsafe = true if losing messages is acceptable"
    )]
    Unsafe(String),
    /// Redis has just started and still reads its data.
    #[error("Redis is still loading its data")]
    Loading,
    /// Redis is too old.
    #[error("Redis {found} is too old: 7.0 or newer is needed (Valkey is fine)")]
    Version {
        /// What the server calls itself.
        found: String,
    },
    /// The consumer's lease has lapsed: what it held belongs to others now. Join again under a new id.
    #[error("the lease of consumer {consumer} has lapsed; its entries were handed to others")]
    Lapsed {
        /// The consumer's id.
        consumer: String,
    },
    /// An entry could not be read.
    #[error("entry: {0}")]
    Envelope(#[from] EnvelopeError),
    /// A script answered something that it never should.
    #[error("script {script} answered something unexpected: {what}")]
    Answer {
        /// Name of the script.
        script: &'static str,
        /// What was wrong with the answer.
        what: &'static str,
    },
}

impl QueueError {
    /// Whether the same call may succeed later without anybody changing anything by hand.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Redis(_) | Self::Lapsed { .. } | Self::Loading => true,
            Self::Address(_)
            | Self::Unsafe(_)
            | Self::Version { .. }
            | Self::Envelope(_)
            | Self::Answer { .. } => false,
        }
    }
}

// Every command that fails ends here, or says so by `failed`.
impl From<redis::RedisError> for QueueError {
    fn from(error: redis::RedisError) -> Self {
        failed();
        Self::Redis(error)
    }
}

/// Counts a command that failed where its error becomes none of ours.
pub(crate) fn failed() {
    common::REDIS_ERRORS.inc();
}

/// The beginning of what Redis says. When it refuses a pipeline, that is one text for each of a thousand commands.
fn brief(error: &redis::RedisError) -> String {
    const ENOUGH: usize = 200;
    let mut text = error.to_string();
    if let Some((end, _)) = text.char_indices().nth(ENOUGH) {
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::QueueError;

    #[test]
    fn no_error_fills_the_log() {
        let refusals = "BusyLoading ".repeat(10_000);
        let error = redis::RedisError::from((redis::ErrorKind::Io, "pipeline", refusals));
        let text = QueueError::from(error).to_string();
        assert!(text.starts_with("Redis: pipeline"), "{text}");
        assert!(text.chars().count() < 300, "{}", text.len());
    }
}
