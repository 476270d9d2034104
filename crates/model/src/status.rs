//! The ladder that a sent message climbs.

/// State of a message on its way to a customer, in Meta's words.
///
/// Webhooks bring these late, early, twice and out of order, so a message never takes the newest one: it takes
/// the furthest, see [`DeliveryStatus::advance`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DeliveryStatus {
    /// Left Meta's servers.
    Sent,
    /// Reached the customer's device.
    Delivered,
    /// Shown to the customer; implies delivered, which may never be reported (an open chat skips it).
    Read,
    /// A voice message was played for the first time.
    Played,
    /// Will not arrive. Terminal: a late `sent` or `delivered` never clears it.
    Failed,
    /// A word we don't know. It is recorded and moves nothing.
    Other(String),
}

impl DeliveryStatus {
    /// Meta's word.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Played => "played",
            Self::Failed => "failed",
            Self::Other(word) => word,
        }
    }

    /// Reads Meta's word; any unknown word is kept as [`DeliveryStatus::Other`].
    pub fn parse(word: &str) -> Self {
        match word {
            "sent" => Self::Sent,
            "delivered" => Self::Delivered,
            "read" => Self::Read,
            "played" => Self::Played,
            "failed" => Self::Failed,
            other => Self::Other(other.to_owned()),
        }
    }

    /// Height on the ladder; 0 for words that are no rung.
    pub const fn rank(&self) -> u8 {
        match self {
            Self::Other(_) => 0,
            Self::Sent => 1,
            Self::Delivered => 2,
            Self::Read => 3,
            Self::Played => 4,
            Self::Failed => 5,
        }
    }

    /// The state after `next` was heard: the higher of the two, so that order of arrival does not matter.
    #[must_use]
    pub fn advance(self, next: Self) -> Self {
        if next.rank() > self.rank() {
            next
        } else {
            self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::DeliveryStatus::{self, *};

    #[test]
    fn every_order_of_arrival_ends_in_the_same_state() {
        let heard = [Sent, Delivered, Read, Failed];
        for a in 0..4 {
            for b in 0..4 {
                for c in 0..4 {
                    for d in 0..4 {
                        let end = [a, b, c, d]
                            .into_iter()
                            .map(|i: usize| heard[i].clone())
                            .reduce(DeliveryStatus::advance);
                        let furthest = [a, b, c, d].into_iter().max().map(|i| heard[i].clone());
                        assert_eq!(end, furthest);
                    }
                }
            }
        }
    }

    #[test]
    fn unknown_words_are_kept_and_move_nothing() {
        let warning = DeliveryStatus::parse("warning");
        assert_eq!(warning.as_str(), "warning");
        assert_eq!(Sent.advance(warning), Sent);
    }

    #[test]
    fn a_late_status_never_clears_a_failure() {
        assert_eq!(Failed.advance(Delivered), Failed);
        assert_eq!(Read.advance(Failed), Failed);
    }
}
