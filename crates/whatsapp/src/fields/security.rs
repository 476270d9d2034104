//! `security`: the two-step PIN of a number.

use crate::json::object;
use crate::text::{Text, Token};

object! {
    /// `security`. Somebody who asks for a new PIN may be stealing the number.
    pub struct Security<'a> {
        /// The number as people see it.
        pub display_phone_number: Option<Token<'a>>,
        /// PIN_CHANGED, PIN_RESET_REQUEST, PIN_REQUEST_SUCCESS.
        pub event: Option<Text<'a>>,
        /// Who asked: the id of a user of the portfolio.
        pub requester: Option<Token<'a>>,
    }
}
