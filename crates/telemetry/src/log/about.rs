//! Whom a log line is about, in the same three fields everywhere.

use tracing::field::{DisplayValue, display};
use uuid::Uuid;

use crate::trace::{Context, TraceId};

/// The ids that lead from a log line to a request, a trace and a message, and from any of them to every line about it.
/// Those that are not known are left out of the line.
///
/// ```text
/// let about = About::default().message(outgoing.id).request(outgoing.request_id).trace(cx);
/// say!(warn, about, attempt, "sent back: {why}");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct About {
    request: Option<Uuid>,
    trace: Option<TraceId>,
    message: Option<Uuid>,
}

impl About {
    /// The request, as `X-Request-Id` told its sender.
    #[must_use]
    pub fn request(self, id: Uuid) -> Self {
        Self {
            request: Some(id),
            ..self
        }
    }

    /// The trace.
    #[must_use]
    pub fn trace(self, context: Context) -> Self {
        Self {
            trace: context.trace_id(),
            ..self
        }
    }

    /// The message, by our id.
    #[must_use]
    pub fn message(self, id: Uuid) -> Self {
        Self {
            message: Some(id),
            ..self
        }
    }

    /// The value of the field `request_id`.
    pub fn request_id(&self) -> Option<DisplayValue<Uuid>> {
        self.request.map(display)
    }

    /// The value of the field `trace_id`.
    pub fn trace_id(&self) -> Option<DisplayValue<TraceId>> {
        self.trace.map(display)
    }

    /// The value of the field `message_id`.
    pub fn message_id(&self) -> Option<DisplayValue<Uuid>> {
        self.message.map(display)
    }
}

/// Writes a log line with the fields `request_id`, `trace_id` and `message_id` of an [`About`], then as `tracing`'s macros do:
/// `say!(info, about, field = value, "text {argument}")`.
#[macro_export]
macro_rules! say {
    ($level:ident, $about:expr, $($line:tt)+) => {
        $crate::tracing::$level!(
            request_id = $about.request_id(),
            trace_id = $about.trace_id(),
            message_id = $about.message_id(),
            $($line)+
        )
    };
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn known_ids_are_in_the_line_and_others_are_not() {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_writer(move || writer.clone())
            .finish();
        let id = Uuid::now_v7();
        let about = About::default().message(id).trace(Context::of(id, None));
        tracing::subscriber::with_default(subscriber, || {
            let attempt = 3;
            say!(warn, about, attempt, "sent back: {}", "busy");
        });
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        for part in [
            format!("\"message_id\":\"{id}\""),
            format!("\"trace_id\":\"{}\"", id.simple()),
            "\"attempt\":3".to_owned(),
            "\"message\":\"sent back: busy\"".to_owned(),
            "\"level\":\"WARN\"".to_owned(),
        ] {
            assert!(text.contains(&part), "{part} is not in {text}");
        }
        assert!(!text.contains("request_id"), "{text}");
    }
}
