//! Where a span stands, in a form that travels: W3C Trace Context.

use std::fmt;

use uuid::Uuid;

/// The trace and the span in it that something belongs to. It may be none.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Context {
    trace: u128,
    span: u64,
    sampled: bool,
}

impl Context {
    /// No trace.
    pub const NONE: Self = Self {
        trace: 0,
        span: 0,
        sampled: false,
    };

    /// Reads a `traceparent`; what is not one is none. Higher versions are read as far as this one knows them, as W3C wants.
    pub fn parse(traceparent: &str) -> Self {
        Self::try_parse(traceparent).unwrap_or(Self::NONE)
    }

    /// The context of the first span of the message `id`, taken as sampled; see [`origin`](super::origin). Its trace is `trace`,
    /// 32 hex digits, where the sender brought one, else the message's own.
    pub fn of(id: Uuid, trace: Option<&str>) -> Self {
        let own = id.as_u128();
        Self {
            trace: trace.and_then(|digits| hex(digits, 32)).unwrap_or(own),
            span: span_of(id),
            sampled: true,
        }
        .or_none()
    }

    pub(super) const fn new(trace: u128, span: u64, sampled: bool) -> Self {
        Self {
            trace,
            span,
            sampled,
        }
    }

    /// Whether there is one.
    pub const fn is_some(self) -> bool {
        self.trace != 0 && self.span != 0
    }

    /// Whether its spans are exported.
    pub const fn is_sampled(self) -> bool {
        self.sampled
    }

    /// The `traceparent` for whoever continues it; empty without a trace.
    pub fn traceparent(self) -> String {
        if !self.is_some() {
            return String::new();
        }
        let mut text = String::with_capacity(55);
        text.push_str("00-");
        push_hex(&mut text, &self.trace.to_be_bytes());
        text.push('-');
        push_hex(&mut text, &self.span.to_be_bytes());
        text.push_str(if self.sampled { "-01" } else { "-00" });
        text
    }

    /// The id of the trace, for log lines and rows.
    pub fn trace_id(self) -> Option<TraceId> {
        self.is_some().then_some(TraceId(self.trace))
    }

    pub(crate) const fn trace(self) -> u128 {
        self.trace
    }

    pub(crate) const fn span(self) -> u64 {
        self.span
    }

    pub(super) const fn sample(self) -> Self {
        Self {
            sampled: true,
            ..self
        }
    }

    fn or_none(self) -> Self {
        if self.is_some() { self } else { Self::NONE }
    }

    fn try_parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let version = hex(parts.next()?, 2)?;
        let (trace, span) = (hex(parts.next()?, 32)?, hex(parts.next()?, 16)?);
        let flags = hex(parts.next()?, 2)?;
        let more = parts.next().is_some();
        if version == 0xff || (version == 0 && more) {
            return None;
        }
        let context = Self::new(trace, u64::try_from(span).ok()?, flags & 1 == 1);
        Some(context.or_none())
    }
}

/// The id of the first span of a message: its UUID folded in two.
pub(super) fn span_of(id: Uuid) -> u64 {
    let (high, low) = id.as_u64_pair();
    // Zero is no id; the digest of a real UUID never is, of a made one it may.
    super::sampler::mix(high ^ low.rotate_left(32)).max(1)
}

/// Reads so many lower-case hex digits, which is what W3C allows. The standard library's way takes ten times as long, and this is done for
/// every entry.
fn hex(text: &str, digits: usize) -> Option<u128> {
    if text.len() != digits {
        return None;
    }
    text.bytes().try_fold(0, |number, digit| {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(number << 4 | u128::from(value))
    })
}

fn push_hex(text: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}

/// The id of a trace: 32 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceId(u128);

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.traceparent())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn it_survives_the_round_trip() {
        let context = Context::parse(GOOD);
        assert!(context.is_some() && context.is_sampled());
        assert_eq!(context.traceparent(), GOOD);
        assert_eq!(
            context.trace_id().unwrap().to_string(),
            "4bf92f3577b34da6a3ce929d0e0e4736"
        );
        let unsampled = GOOD.replace("-01", "-00");
        assert_eq!(Context::parse(&unsampled).traceparent(), unsampled);
        // The random flag is not ours to hand on.
        assert_eq!(
            Context::parse(&GOOD.replace("-01", "-03")).traceparent(),
            GOOD
        );
    }

    #[test]
    fn what_is_none_is_none() {
        let zero_trace = format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32));
        let zero_span = format!("00-4bf92f3577b34da6a3ce929d0e0e4736-{}-01", "0".repeat(16));
        for bad in [
            "",
            "00",
            &GOOD.to_uppercase(),
            &GOOD[..54],
            &format!("{GOOD}-more"),
            &GOOD.replacen("00", "ff", 1),
            &GOOD.replacen("00", "+0", 1),
            &zero_trace,
            &zero_span,
        ] {
            assert_eq!(Context::parse(bad), Context::NONE, "{bad}");
        }
        assert_eq!(Context::NONE.traceparent(), "");
        assert!(Context::NONE.trace_id().is_none());
    }

    #[test]
    fn later_versions_may_say_more() {
        let later = format!("{}-more", GOOD.replacen("00", "cc", 1));
        assert_eq!(Context::parse(&later).traceparent(), GOOD);
    }

    #[test]
    fn a_message_has_a_trace_and_a_first_span() {
        let id = Uuid::now_v7();
        let own = Context::of(id, None);
        assert_eq!(own.trace_id().unwrap().to_string(), id.simple().to_string());
        let brought = Context::of(id, Some("4bf92f3577b34da6a3ce929d0e0e4736"));
        assert_eq!(brought.span(), own.span());
        assert_ne!(brought.trace(), own.trace());
        assert_eq!(Context::of(id, Some("not a trace")), own);
        assert_ne!(Context::of(Uuid::now_v7(), None).span(), own.span());
    }
}
