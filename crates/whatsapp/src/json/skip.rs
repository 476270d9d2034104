//! Finds where a value of a valid JSON text ends. This is most of what reading a webhook costs.

/// The position after the closing quote of the string whose opening quote is at `start`, and whether the string has
/// escapes.
pub(super) fn end_of_string(bytes: &[u8], start: usize) -> (usize, bool) {
    let mut at = start + 1;
    let mut escaped = false;
    while let Some(found) = quote_or_backslash(bytes, at) {
        if bytes.get(found) == Some(&b'"') {
            return (found + 1, escaped);
        }
        escaped = true;
        at = found + 2;
    }
    (bytes.len(), escaped)
}

/// The position after the bracket that closes the one at `start`. Brackets are counted, not matched: a validated
/// text pairs them already, and counting needs no stack however deep they go.
pub(super) fn end_of_container(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    let mut depth = 0usize;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at = end_of_string(bytes, at).0;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// The position after the number or word at `start`.
pub(super) fn end_of_scalar(bytes: &[u8], start: usize) -> usize {
    let rest = bytes.get(start..).unwrap_or_default();
    let ends = |byte: &u8| {
        matches!(
            byte,
            b',' | b'}' | b']' | b':' | b' ' | b'\n' | b'\r' | b'\t'
        )
    };
    rest.iter()
        .position(ends)
        .map_or(bytes.len(), |length| start + length.max(1))
}

/// The first quote or backslash from `at` on, eight bytes at a time. The strings of a webhook are short: what memchr
/// spends on getting started is more than the whole search takes here.
fn quote_or_backslash(bytes: &[u8], mut at: usize) -> Option<usize> {
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        let found = zero_bytes(word ^ QUOTES) | zero_bytes(word ^ BACKSLASHES);
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    let rest = bytes.get(at..)?;
    let found = rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
    Some(at + found)
}

/// One in every byte of a word.
const EACH: u64 = 0x0101_0101_0101_0101;
const QUOTES: u64 = EACH * b'"' as u64;
const BACKSLASHES: u64 = EACH * b'\\' as u64;

/// The top bit of every byte that is zero. Bytes above the first zero may be marked too, which is why only the first
/// mark is looked at.
fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(EACH) & !word & (EACH * 0x80)
}
