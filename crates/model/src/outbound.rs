//! The words of the outbound path: how urgent, to whom, what if nobody knows, and how it ended.

/// How urgent a message is. Each priority of a conversation is a line of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Priority {
    /// Codes and alerts that somebody waits for.
    High,
    /// Conversation.
    #[default]
    Normal,
    /// Campaigns. Never starves: priorities share by weight.
    Low,
}

/// What to do when nobody can say whether Meta took a message, and no echo has come in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OnUnknown {
    /// Send again; it may arrive twice.
    Resend,
    /// Give up; it becomes a dead letter that can be replayed by hand.
    #[default]
    Fail,
    /// Keep it at the head of its conversation until the echo comes or somebody decides.
    Hold,
}

/// Who a message goes to, as the sender named him.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Recipient {
    /// A phone number: country code and number, digits only.
    Phone(String),
    /// A business-scoped user id.
    User(String),
    /// A group's id.
    Group(String),
    /// Nobody in particular: a mark as read, which names a message. Holds a digest of that message's id.
    Mark(String),
}

/// How far a message has come that was accepted from a sender.
///
/// The order is that of [`SendState::rank`]: facts arrive in any order, and the furthest counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SendState {
    /// Durable, waiting for its turn or its time.
    Accepted,
    /// An attempt was made and nobody knows what came of it.
    Unknown,
    /// An attempt failed, or nobody knows what came of it and policy decided; another will follow.
    Retrying,
    /// As unknown, and waiting for somebody to decide.
    Held,
    /// Given up, see [`DeadClass`].
    Dead,
    /// Meta has it. Final: from here on, statuses tell.
    Sent,
}

/// Why a message was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DeadClass {
    /// Meta refused it for a reason that no further attempt would change.
    Rejected,
    /// Its time was over before its turn came.
    Expired,
    /// All attempts failed.
    Exhausted,
    /// Nobody knows whether Meta took it, and its policy is to fail.
    Unknown,
    /// Its time was over while its number was stopped.
    NumberStopped,
    /// Somebody has thrown away what waited. It is no dead letter: there is nothing to replay.
    Cleared,
}

macro_rules! words {
    ($type:ty { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $type {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word in the API, in Redis and in Postgres.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// Reads the word back; `None` for any other word.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

words!(Priority { High = "high", Normal = "normal", Low = "low" });
words!(OnUnknown { Resend = "resend", Fail = "fail", Hold = "hold" });
words!(SendState {
    Accepted = "accepted",
    Unknown = "unknown",
    Retrying = "retrying",
    Held = "held",
    Dead = "dead",
    Sent = "sent",
});
words!(DeadClass {
    Rejected = "rejected",
    Expired = "expired",
    Exhausted = "exhausted",
    Unknown = "unknown",
    NumberStopped = "number_stopped",
    Cleared = "cleared",
});

impl SendState {
    /// Height among the facts about one attempt of one life; see `docs/adr` on facts in any order.
    pub const fn rank(self) -> u8 {
        match self {
            Self::Accepted => 0,
            Self::Unknown => 1,
            Self::Retrying => 2,
            Self::Held => 3,
            Self::Dead => 4,
            Self::Sent => 5,
        }
    }

    /// Whether nothing more will happen by itself.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Dead | Self::Sent)
    }
}

impl Recipient {
    /// The name under which this recipient's conversation is kept. Different kinds never share one.
    pub fn lane(&self) -> String {
        match self {
            Self::Phone(digits) => digits.clone(),
            // A user id has a dot and a group id might be digits, so each kind has its letter.
            Self::User(id) => format!("u:{id}"),
            Self::Group(id) => format!("g:{id}"),
            Self::Mark(digest) => format!("m:{digest}"),
        }
    }

    /// Reads a lane's name back.
    pub fn from_lane(name: &str) -> Self {
        match name.split_once(':') {
            Some(("u", id)) => Self::User(id.to_owned()),
            Some(("g", id)) => Self::Group(id.to_owned()),
            Some(("m", digest)) => Self::Mark(digest.to_owned()),
            _ => Self::Phone(name.to_owned()),
        }
    }

    /// Whether the limit of one business and one person applies: a mark as read is no message.
    pub const fn is_pair(&self) -> bool {
        !matches!(self, Self::Mark(_))
    }
}

/// Phone numbers are not shown.
impl std::fmt::Debug for Recipient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Phone(_) => "Phone",
            Self::User(_) => "User",
            Self::Group(_) => "Group",
            Self::Mark(_) => "Mark",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_the_round_trip() {
        for value in Priority::ALL {
            assert_eq!(Priority::parse(value.as_str()), Some(*value));
        }
        for value in SendState::ALL {
            assert_eq!(SendState::parse(value.as_str()), Some(*value));
        }
        for value in DeadClass::ALL {
            assert_eq!(DeadClass::parse(value.as_str()), Some(*value));
        }
        assert_eq!(OnUnknown::parse("guess"), None);
    }

    #[test]
    fn recipients_survive_the_round_trip_and_do_not_mix() {
        let all = [
            Recipient::Phone("4917".into()),
            Recipient::User("DE.4917".into()),
            Recipient::Group("4917".into()),
            Recipient::Mark("4917".into()),
        ];
        for recipient in &all {
            assert_eq!(&Recipient::from_lane(&recipient.lane()), recipient);
        }
        let lanes: std::collections::BTreeSet<_> = all.iter().map(Recipient::lane).collect();
        assert_eq!(lanes.len(), all.len());
    }

    #[test]
    fn states_rank_in_their_order() {
        assert!(
            SendState::ALL
                .windows(2)
                .all(|pair| pair[0].rank() < pair[1].rank())
        );
    }
}
