//! Which way a message went, and how we came to know of it.

/// Which way a message went, seen from the business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// From a customer to the business.
    In,
    /// From the business to a customer.
    Out,
}

impl Direction {
    /// The word stored in `messages.direction`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }

    /// Reads the word back; `None` for any other word.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "in" => Some(Self::In),
            "out" => Some(Self::Out),
            _ => None,
        }
    }
}

/// How a message came to us. Only [`Origin::Live`] is traffic that somebody waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// Received from a customer just now, or sent through us.
    Live,
    /// Sent by the business from its phone app and echoed to us.
    Echo,
    /// Part of the chat history that the phone app handed over when it was connected.
    History,
}

impl Origin {
    /// The word stored in `messages.origin`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Echo => "echo",
            Self::History => "history",
        }
    }

    /// Reads the word back; `None` for any other word.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "live" => Some(Self::Live),
            "echo" => Some(Self::Echo),
            "history" => Some(Self::History),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_the_round_trip() {
        for direction in [Direction::In, Direction::Out] {
            assert_eq!(Direction::parse(direction.as_str()), Some(direction));
        }
        for origin in [Origin::Live, Origin::Echo, Origin::History] {
            assert_eq!(Origin::parse(origin.as_str()), Some(origin));
        }
        assert_eq!(Direction::parse("sideways"), None);
        assert_eq!(Origin::parse(""), None);
    }
}
