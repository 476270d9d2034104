//! The name by which the same effect is recognised again.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::SendState;

/// Names one effect: one message row, one status row, one account event.
///
/// It is the first half of a SHA-256 over what makes the effect unique. 128 bits make a false match, which would
/// cost a customer's message, less likely than the loss of the disk; a shorter key would not.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EffectKey([u8; 16]);

impl EffectKey {
    /// A message: unique by the business number and Meta's message id.
    pub fn message(phone_number_id: &str, wamid: &str) -> Self {
        Self::of("message", &[phone_number_id.as_bytes(), wamid.as_bytes()])
    }

    /// A status: one for each message, status word and, in groups, participant.
    pub fn status(wamid: &str, status: &str, participant: &str) -> Self {
        Self::of(
            "status",
            &[wamid.as_bytes(), status.as_bytes(), participant.as_bytes()],
        )
    }

    /// A message accepted from a sender, by our id.
    pub fn send(id: Uuid) -> Self {
        Self::of("send", &[id.as_bytes()])
    }

    /// Something that happened to such a message. An attempt and a mere change of state are two effects.
    pub fn fact(id: Uuid, life: u32, attempt: u32, state: SendState, attempted: bool) -> Self {
        let numbers = [life.to_le_bytes(), attempt.to_le_bytes()].concat();
        let word = state.as_str().as_bytes();
        Self::of(
            "fact",
            &[id.as_bytes(), &numbers, word, &[u8::from(attempted)]],
        )
    }

    /// Any other change, by its exact content.
    pub fn account(content: &[u8; 32]) -> Self {
        let mut half = [0; 16];
        half.copy_from_slice(&content[..16]);
        Self(half)
    }

    /// The n-th thing that the same effect brings about.
    #[must_use]
    pub fn part(&self, n: usize) -> Self {
        Self::of(
            "part",
            &[self.to_string().as_bytes(), n.to_string().as_bytes()],
        )
    }

    /// The raw bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    fn of(kind: &str, parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        hash.update(kind);
        for part in parts {
            // A length before each part keeps ("ab", "c") apart from ("a", "bc").
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let digest = hash.finalize();
        let mut half = [0; 16];
        half.copy_from_slice(&digest[..16]);
        Self(half)
    }
}

impl std::fmt::Display for EffectKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for EffectKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EffectKey({self})")
    }
}

/// A UUID (version 8) made from content alone, so that the same bad bytes get the same id each time they come.
pub fn content_id(content: &[u8]) -> Uuid {
    let digest = Sha256::digest(content);
    let mut half = [0; 16];
    half.copy_from_slice(&digest[..16]);
    Uuid::new_v8(half)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(EffectKey::message("ab", "c"), EffectKey::message("a", "bc"));
        assert_ne!(
            EffectKey::message("a", "sent"),
            EffectKey::status("a", "sent", "")
        );
    }

    #[test]
    fn every_part_of_a_fact_counts() {
        let id = Uuid::from_u128(7);
        let key =
            |life, attempt, state, attempted| EffectKey::fact(id, life, attempt, state, attempted);
        let all = [
            EffectKey::send(id),
            key(0, 1, SendState::Unknown, true),
            key(1, 0, SendState::Unknown, true),
            key(0, 1, SendState::Held, true),
            key(0, 1, SendState::Unknown, false),
        ];
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
        assert_eq!(all[1], key(0, 1, SendState::Unknown, true));
    }

    #[test]
    fn same_content_same_id() {
        assert_eq!(content_id(b"{"), content_id(b"{"));
        assert_ne!(content_id(b"{"), content_id(b"{{"));
        assert_eq!(content_id(b"{").get_version_num(), 8);
    }
}
