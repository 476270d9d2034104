//! The section `[whatsapp]`, which receiving and sending share.

use crate::Key;

/// The keys of the section. Every service that reads one of them declares them all: a service refuses names of a
/// section that it reads itself and does not know.
pub const WHATSAPP: &[Key] = &[
    Key::secret(
        "whatsapp.app_secrets",
        "Secrets of the Meta apps whose webhooks are taken, with commas between them. Several at once while one is rotated.",
    )
    .alias(&["WHATSAPP_APP_SECRET"]),
    Key::secret(
        "whatsapp.verify_tokens",
        "Tokens that Meta may show in the handshake of the webhook's address, with commas between them.",
    )
    .alias(&["WEBHOOK_VERIFY_TOKEN"]),
    Key::secret(
        "whatsapp.api_token",
        "Token for the Graph API, for every number that has none of its own in numbers.file.",
    )
    .alias(&["WHATSAPP_API_TOKEN"]),
];
