//! A span under way.

use std::borrow::Cow;
use std::time::SystemTime;

use super::context::Context;
use super::names;
use super::record::{Kind, Record, Status};
use super::tracer::Tracer;
use super::value::Value;

/// A span. It ends when it is dropped.
///
/// It is not bound to a task or a thread: keep it where the work is done, and hand [`Span::context`] to what is done below.
#[must_use = "a span ends when it is dropped"]
pub struct Span {
    /// None: nothing is exported.
    live: Option<Live>,
    context: Context,
}

struct Live {
    record: Box<Record>,
    tracer: &'static Tracer,
}

impl Span {
    /// One that is not there, and hands on what it was given.
    pub(super) const fn off(context: Context) -> Self {
        Self {
            live: None,
            context,
        }
    }

    pub(super) fn on(tracer: &'static Tracer, record: Record) -> Self {
        Self {
            context: record.context,
            live: Some(Live {
                record: Box::new(record),
                tracer,
            }),
        }
    }

    /// What is done below it, here or elsewhere, belongs to this.
    pub fn context(&self) -> Context {
        self.context
    }

    /// On which side it is.
    pub fn kind(mut self, kind: Kind) -> Self {
        if let Some(live) = &mut self.live {
            live.record.kind = kind;
        }
        self
    }

    /// Adds an attribute, see [`names`].
    pub fn attr(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.set(name, value);
        self
    }

    /// Adds a link to another trace. One that is not sampled would lead nowhere and is left out.
    pub fn link(mut self, context: Context) -> Self {
        self.add_link(context);
        self
    }

    /// It began then, as another process noted it: for the time that something lay in a queue.
    pub fn since(mut self, then: SystemTime) -> Self {
        if let Some(live) = &mut self.live {
            live.record.since(then);
        }
        self
    }

    /// Sets an attribute.
    pub fn set(&mut self, name: &'static str, value: impl Into<Value>) {
        if let Some(live) = &mut self.live {
            live.record.set(name, value.into());
        }
    }

    /// Adds a link, see [`Span::link`].
    pub fn add_link(&mut self, context: Context) {
        if let Some(live) = &mut self.live
            && context.is_some()
            && context.is_sampled()
        {
            live.record.link(context);
        }
    }

    /// It failed. It is exported whether sampled or not, and so is what is started below it from now on. The text must be
    /// fit for a log.
    pub fn error(&mut self, why: impl Into<Cow<'static, str>>) {
        if let Some(live) = &mut self.live {
            let Value::Text(why) = Value::from(why.into()) else {
                return;
            };
            live.record.status = Status::Error(why);
            live.record.context = live.record.context.sample();
            self.context = live.record.context;
        }
    }

    /// Nobody can say what came of it: an error, marked as such.
    pub fn unknown(&mut self) {
        self.set(names::OUTCOME, "unknown");
        self.error("unknown outcome");
    }

    /// Ends it now.
    pub fn end(self) {}
}

impl Drop for Span {
    fn drop(&mut self) {
        if let Some(Live { record, tracer }) = self.live.take() {
            tracer.end(record);
        }
    }
}

impl std::fmt::Debug for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Span").field(&self.context).finish()
    }
}
