//! When two messages with different ids say the same: the key of the five-second window.

use sha2::{Digest, Sha256};

use super::{Message, Reaction, TextBody};
use crate::json::Wire;
use crate::text::Text;

impl Message<'_> {
    /// A hash over business number, sender, type and content, for messages that a person may have sent twice by
    /// accident. `None` where there is nothing to compare: notices of the system, content that Meta does not hand
    /// on, a reaction taken back, an unknown sender.
    ///
    /// Of a text the body counts, of a file its SHA-256 and caption (each upload has its own id), of all else the
    /// object as received. The group and the message that is answered count too: the same "ok" to two questions is
    /// two answers.
    pub fn content_digest(&self, phone_number_id: &str) -> Option<[u8; 16]> {
        let sender = self.sender();
        // The user id first: the phone may come and go.
        let sender = sender.user_id.map(Text::as_str).or(sender.phone)?;
        let answered = self
            .context
            .as_ref()
            .and_then(|context| context.id.as_deref())
            .unwrap_or_default();
        let mut digest = Parts(Sha256::new());
        for part in [
            phone_number_id,
            sender,
            self.group_id.as_deref().unwrap_or_default(),
            answered,
            &self.kind,
        ] {
            digest.add(part);
        }
        self.add_content(&mut digest)?;
        digest.0.finalize().first_chunk().copied()
    }

    fn add_content(&self, digest: &mut Parts) -> Option<()> {
        if self.errors.is_some_and(|errors| {
            errors
                .items()
                .is_some_and(|mut errors| errors.next().is_some())
        }) {
            return None;
        }
        let object = self.object?;
        match self.kind.as_str() {
            "system" | "unsupported" | "unknown" | "media_placeholder" | "request_welcome"
            | "ephemeral" => return None,
            "text" => digest.add(&TextBody::read(object)?.body?),
            "reaction" if Reaction::read(object)?.is_removal() => return None,
            "image" | "video" | "audio" | "voice" | "document" | "sticker" => {
                let media = self.media_object()?;
                digest.add(&media.sha256.filter(|sha256| !sha256.is_empty())?);
                digest.add(media.caption.as_deref().unwrap_or_default());
            }
            _ => digest.add(object.get()),
        }
        Some(())
    }
}

/// A hash over parts whose borders count.
struct Parts(Sha256);

impl Parts {
    fn add(&mut self, part: &str) {
        self.0.update((part.len() as u64).to_be_bytes());
        self.0.update(part);
    }
}
