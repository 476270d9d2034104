//! Our id in `biz_opaque_callback_data`, which Meta hands back with each status of the message.
//!
//! The Graph API has no idempotency key. When the answer to a send is lost, this echo is the only proof that Meta took
//! the message; it also ties statuses to messages when they overtake the answer.

use uuid::Uuid;

const PREFIX: &str = "wp:";

/// The callback data for a message of ours: `wp:` and the id with hyphens.
pub fn callback(id: Uuid) -> String {
    format!("{PREFIX}{}", id.hyphenated())
}

/// The id in callback data, when it is ours. Other systems of the same business write there too.
pub fn parse_callback(text: &str) -> Option<Uuid> {
    let id = text.strip_prefix(PREFIX)?;
    // `Uuid` also reads braces, `urn:` and no hyphens, none of which we ever write.
    (id.len() == uuid::fmt::Hyphenated::LENGTH)
        .then(|| Uuid::try_parse(id).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::{callback, parse_callback};
    use uuid::Uuid;

    #[test]
    fn there_and_back() {
        let id = Uuid::from_u128(0x0193_5f0e_7a1b_7c2d_8e3f_0123_4567_89ab);
        let text = callback(id);
        assert_eq!(text, "wp:01935f0e-7a1b-7c2d-8e3f-0123456789ab");
        assert_eq!(parse_callback(&text), Some(id));
    }

    #[test]
    fn what_others_write_is_not_ours() {
        for text in [
            "",
            "wp:",
            "01935f0e-7a1b-7c2d-8e3f-0123456789ab",
            "wp:01935f0e7a1b7c2d8e3f0123456789ab",
            "wp:{01935f0e-7a1b-7c2d-8e3f-0123456789ab}",
            "wp:01935f0e-7a1b-7c2d-8e3f-0123456789ax",
            "wp:01935f0e-7a1b-7c2d-8e3f-0123456789ab ",
            "WP:01935f0e-7a1b-7c2d-8e3f-0123456789ab",
        ] {
            assert_eq!(parse_callback(text), None, "{text}");
        }
    }
}
