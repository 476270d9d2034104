//! What a token lets its bearer see.

use uuid::Uuid;

/// Most numbers that one token may name. A front end that needs more sees everything.
pub const MOST_NUMBERS: usize = 64;

/// What events somebody may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of every number and account.
    Everything,
    /// All of some business numbers.
    Numbers {
        /// Their phone_number_ids. At least one.
        numbers: Vec<String>,
        /// Also what concerns this whole account (a WhatsApp Business Account id) and names no number.
        account: Option<String>,
    },
    /// What is said between one number and one contact.
    Conversation {
        /// The phone_number_id.
        number: String,
        /// Our id of the contact.
        contact: Uuid,
    },
}

/// Why a scope cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScopeFault {
    /// It names none.
    #[error("name at least one number")]
    NoNumber,
    /// It names too many.
    #[error("name at most {MOST_NUMBERS} numbers, or \"*\" for all")]
    ManyNumbers,
    /// A number is none.
    #[error("a number is a phone_number_id: 1 to 32 digits; or \"*\" alone for all")]
    NotANumber,
    /// A conversation is with one number.
    #[error("a contact goes with exactly one number")]
    ContactWithout,
    /// An account is an id of Meta's.
    #[error("an account is a WhatsApp Business Account id: 1 to 32 digits")]
    NotAnAccount,
    /// More than can be meant.
    #[error("a contact and an account exclude each other, and \"*\" excludes both")]
    Both,
}

impl Scope {
    /// The scope of these words, as requests and tokens have them. `"*"` alone stands for everything.
    ///
    /// # Errors
    /// When they mean nothing.
    pub fn new(
        numbers: Vec<String>,
        contact: Option<Uuid>,
        account: Option<String>,
    ) -> Result<Self, ScopeFault> {
        if contact.is_some() && account.is_some() {
            return Err(ScopeFault::Both);
        }
        if account.as_deref().is_some_and(|account| !is_id(account)) {
            return Err(ScopeFault::NotAnAccount);
        }
        match numbers.as_slice() {
            [] => return Err(ScopeFault::NoNumber),
            [all] if all == "*" => {
                return match (contact, account) {
                    (None, None) => Ok(Self::Everything),
                    _ => Err(ScopeFault::Both),
                };
            }
            numbers if numbers.len() > MOST_NUMBERS => return Err(ScopeFault::ManyNumbers),
            numbers if !numbers.iter().all(|number| is_id(number)) => {
                return Err(ScopeFault::NotANumber);
            }
            _ => {}
        }
        let Some(contact) = contact else {
            return Ok(Self::Numbers { numbers, account });
        };
        match <[String; 1]>::try_from(numbers) {
            Ok([number]) => Ok(Self::Conversation { number, contact }),
            Err(_) => Err(ScopeFault::ContactWithout),
        }
    }
}

/// Whether it may be one of Meta's ids.
fn is_id(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_mean_nothing_are_refused() {
        let contact = Some(Uuid::from_u128(1));
        let account = || Some("7".to_owned());
        let numbers = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        for (words, contact, account, fault) in [
            (&[][..], None, None, ScopeFault::NoNumber),
            (&["1", "x"], None, None, ScopeFault::NotANumber),
            (&["1", "*"], None, None, ScopeFault::NotANumber),
            (&["1", "2"], contact, None, ScopeFault::ContactWithout),
            (&["1"], contact, account(), ScopeFault::Both),
            (&["*"], contact, None, ScopeFault::Both),
            (&["1"], None, Some("a".to_owned()), ScopeFault::NotAnAccount),
            (
                &["1"; MOST_NUMBERS + 1],
                None,
                None,
                ScopeFault::ManyNumbers,
            ),
        ] {
            let refused = Scope::new(numbers(words), contact, account);
            assert_eq!(refused, Err(fault), "{words:?}");
        }
        assert_eq!(
            Scope::new(numbers(&["*"]), None, None),
            Ok(Scope::Everything)
        );
        assert!(matches!(
            Scope::new(numbers(&["1"]), contact, None),
            Ok(Scope::Conversation { .. })
        ));
    }
}
