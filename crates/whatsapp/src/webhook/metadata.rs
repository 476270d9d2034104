//! Which business number a change is about.

use crate::json::{Json, Wire};
use crate::text::Text;

/// `value.metadata`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata<'a> {
    /// Meta's id of the business number; `""` when absent (most account fields have none).
    pub phone_number_id: Text<'a>,
    /// The number as people see it, with or without punctuation; `""` when absent.
    pub display_phone_number: Text<'a>,
}

impl<'a> Metadata<'a> {
    pub(super) fn of(json: Json<'a>) -> Self {
        let mut metadata = Self::default();
        for (key, value) in json.members() {
            match &*key {
                "phone_number_id" => {
                    metadata.phone_number_id = Text::read(value).unwrap_or_default();
                }
                "display_phone_number" => {
                    metadata.display_phone_number = Text::read(value).unwrap_or_default();
                }
                _ => {}
            }
        }
        metadata
    }

    /// True when `phone` is this business number, whatever its punctuation.
    pub fn is_number(&self, phone: &str) -> bool {
        let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).collect::<Vec<u8>>();
        let display = digits(&self.display_phone_number);
        !display.is_empty() && display == digits(phone)
    }
}
