//! Message ids in Meta's style: base64 of a few tags, the recipient's digits and 18 hex digits.

use crate::dice::Dice;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The id of message number `count` under this seed: no other number of it has the same.
pub(super) fn wamid(seed: u64, count: u64, to: &str) -> String {
    let mut bytes = Vec::with_capacity(64);
    let digits = to.len().min(usize::from(u8::MAX));
    bytes.extend([0x1c, 0x18, digits as u8]);
    bytes.extend(&to.as_bytes()[..digits]);
    bytes.extend([0x15, 0x02, 0x00, 0x11, 0x18, 0x12]);
    // 32 bits of the seed and 40 of the count.
    let seed = Dice::new(seed).next() >> 32;
    for shift in (0..8).rev() {
        bytes.push(hex(seed >> (4 * shift)));
    }
    for shift in (0..10).rev() {
        bytes.push(hex(count >> (4 * shift)));
    }
    bytes.push(0);
    format!("wamid.{}", base64(&bytes))
}

fn hex(value: u64) -> u8 {
    b"0123456789ABCDEF"[(value & 15) as usize]
}

/// With padding, as Meta writes ids and digests.
pub(super) fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            match at <= chunk.len() {
                true => text.push(char::from(ALPHABET[(bits >> (18 - 6 * at)) as usize & 63])),
                false => text.push('='),
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{base64, wamid};

    #[test]
    fn the_vectors_of_rfc_4648() {
        for (plain, encoded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
    }

    #[test]
    fn ids_look_like_metas_and_differ() {
        let id = wamid(1, 1, "16503879439");
        assert!(id.starts_with("wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBI"), "{id}");
        assert_ne!(id, wamid(1, 2, "16503879439"));
        assert_ne!(id, wamid(2, 1, "16503879439"));
    }
}
